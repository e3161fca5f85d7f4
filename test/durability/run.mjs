import { parseArgs } from 'node:util';
import { crashRounds } from './harness.mjs';

/** `npm run bench:durability -- --server 50 --postgres 50 [--synchronous-commit off]` */
const { values } = parseArgs({
  options: { server: { type: 'string', default: '50' }, postgres: { type: 'string', default: '50' }, 'synchronous-commit': { type: 'string', default: 'on' } },
});
const figures = await crashRounds({
  serverRounds: Number(values.server),
  postgresRounds: Number(values.postgres),
  synchronousCommit: values['synchronous-commit'],
  onRound: (done, of, acknowledged) => process.stderr.write(`\rround ${done} of ${of}, ${acknowledged} acknowledged`),
});
process.stderr.write('\n');
console.log(JSON.stringify(figures, null, 2));
process.exit(figures.lost === 0 && figures.doubled === 0 && figures.unlinked === 0 && figures.holes === 0 && figures.sameProgress ? 0 : 1);
