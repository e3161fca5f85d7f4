import { validateStatement } from '../../dist/src/standards/xapi/index.js';
import { makeStatement } from './statements.mjs';

/** How many parsed statements one core validates in a second. */
export function measureValidation() {
  const statements = Array.from({ length: 2_000 }, makeStatement);
  const round = () => {
    const started = performance.now();
    for (const statement of statements) if (validateStatement(statement).length > 0) throw new Error('the generator made an invalid statement');
    return statements.length / ((performance.now() - started) / 1000);
  };
  for (let warm = 0; warm < 20; warm += 1) round();
  const rates = Array.from({ length: 9 }, round).sort((a, b) => a - b);
  return {
    perSecond: Math.round(rates[4]),
    bytes: Math.round(statements.reduce((sum, statement) => sum + JSON.stringify(statement).length, 0) / statements.length),
  };
}
