import { registerHooks } from 'node:module';

/** `node test/fold/faults.mjs NAME`: compares the built engine, with one fault planted, with the reference. Exit code 1: it was caught. */
const FAULTS = {
  none: ['direct-level', '', ''],
  'future counted': ['direct-level', 'occurredAt <= asOf && ', ''],
  'inclusive expiry': ['direct-level', 'asOf < expiresAt', 'asOf <= expiresAt'],
  'ties by arrival': ['direct-level', 'a.occurredAt > b.occurredAt || ', 'a.occurredAt >= b.occurredAt || '],
  'raise-only LATEST': ['direct-level', 'Math.max(0, newest.level - 1)', 'newest.level'],
  'ignored source minimum': ['direct-level', 'sourcesOf(supporting) >= minDistinctSources', 'true'],
  'float sums': ['direct-level', 'Math.round(weight *', '(weight *'],
  'negative evidence ignored': ['direct-level', '- sum(against.filter((row) => row.level <= level))', ''],
  'levels only where evidence names one': [
    'direct-level',
    'level -= 1)',
    'level = Math.max(0, ...active.map((row) => row.level).filter((other) => other < level)))',
  ],
  'unmerged classes': ['fold-model', '(one) => twoWay.get(one) ?? []', '() => []'],
  'matches followed one step': [
    'fold-model',
    '.flatMap((member) => into.get(member) ?? [])',
    '.flatMap((member) => (one === id ? into.get(member) ?? [] : []))',
  ],
  'ALL_OF as max': ['fold', 'Math.min(...levels)', 'Math.max(...levels)'],
  'N_OF from below': ['fold', 'b - a)[', 'a - b)['],
  'required child ignored': ['fold', 'child.requiredMin !== null && child.level.level < child.requiredMin', 'false'],
  'repeated evidence counted': ['fold', 'best.size === evidence.length ? evidence : [...best.values()]', 'evidence'],
  'rounded weighted mean': ['fold', 'Math.floor(weighted / weights)', 'Math.round(weighted / weights)'],
  'every attempt counts': ['direct-level', 'row === counting || row.occurredAt > asOf', 'true'],
  'a better attempt to come': ['direct-level', 'attempts.filter((row) => row.occurredAt <= asOf)', '[...attempts]'],
  'override fed up unasked': ['fold', '.filter((one) => one.countsForRollup)', ''],
  'first override wins': ['fold', 'one.decidedAt > last.decidedAt', 'one.decidedAt < last.decidedAt'],
  'override without end': ['fold', '!isOver(one.validUntil)', 'true'],
  'terms of matches forgotten': ['fold', ', nextEnd(ends, this.#asOf)]', ']'],
  'next decay forgotten': ['direct-level', '[row.expiresAt, ...decays()]', '[row.expiresAt]'],
  'end of an override forgotten': ['fold', '[nextChangeAt, nextTurn(overrides, this.#asOf)]', '[nextChangeAt]'],
  'rollupOnly ignored': ['fold', 'rollupOnly ? NO_LEVEL :', 'false ? NO_LEVEL :'],
};

const name = process.argv[2] ?? 'none';
const fault = FAULTS[name];
if (!fault) throw new Error(`there is no fault ${name}; there are ${Object.keys(FAULTS).join(', ')}`);
const [file, from, to] = fault;

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith(`/modules/progress/${file}.js`)) return loaded;
    const source = String(loaded.source);
    if (!source.includes(from)) throw new Error(`the fault ${name} has no place to be planted in`);
    return { ...loaded, source: source.replace(from, to) };
  },
});

const { foldProgress } = await import('../../dist/src/modules/progress/fold.js');
const { FoldModel } = await import('../../dist/src/modules/progress/fold-model.js');
const { checkAgainstNaive } = await import('../support/fold-cases.ts');
try {
  for (const kind of ['BEST_VALID', 'LATEST', 'WEIGHTED'])
    checkAgainstNaive({ foldProgress, FoldModel }, kind, { numRuns: 3_000, seed: 7, endOnFailure: true });
} catch (error) {
  process.stdout.write(error.message.slice(0, 500));
  process.exit(1);
}
