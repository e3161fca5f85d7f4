import { registerHooks } from 'node:module';

/**
 * `node test/property/engine-faults.mjs NAME`: compares the built engine, with one fault planted, with the reference, in worlds
 * on a real database (TEST_DATABASE_URL). Exit code 1: it was caught.
 *
 * Each fault: where it is planted, what is replaced by what, and where chance begins, with which it is caught soon.
 */
const FAULTS = {
  none: ['modules/progress/project', '', ''],
  'pending voids skipped': [
    'modules/lrs/voided',
    'where v.target_id = s.statement_id and',
    'join lrs.statement w using (statement_id) where v.target_id = s.statement_id and w.stored >= s.stored and',
    106,
  ],
  'voids do not bring their target along': ['modules/progress/project', 'statement.voids === null ? [] : [statement.voids]', '[]'],
  'voidable voids': [
    'modules/lrs/voided',
    '(v.authority_key = s.authority_key or v.unrestricted)',
    '(v.authority_key = s.authority_key or v.unrestricted) and not exists (select from lrs.voiding u where u.target_id = v.statement_id)',
    100,
  ],
  'anybody may void': ['modules/lrs/voided', '(v.authority_key = s.authority_key or v.unrestricted)', 'true'],
  'order by stored': ['modules/lrs/inbox.store', 'coalesce(s.recorded_at, s.stored) as occurred_at', 's.stored as occurred_at', 100],
  'evidence id without the statement': [
    'modules/progress/project',
    "digestKey('evidence', rule.id, statement.id, rule.itemId)",
    "digestKey('evidence', rule.id, rule.itemId)",
    100,
  ],
  'claimed before it is written': [
    'modules/progress/project',
    'await claim(sql, buckets, limit)',
    'await database.transaction((own) => claim(own, buckets, limit))',
    109,
  ],
  'circles looked for before matches are merged': ['modules/competency/competency', "type === 'replacedBy' ? [] : merges", '[]'],
  'unmerged classes': ['modules/progress/fold-model', '(one) => twoWay.get(one) ?? []', '() => []', 100],
  'parents left as they were': [
    'modules/progress/fold-model',
    'folded = new Set(touched.flatMap((itemClass) => itemClass.members))',
    'folded = new Set(this.classOf(itemId).members)',
    101,
  ],
  'statements of the unknown forgotten': ['modules/people/people', 'await requeueOfActors(sql, [agentKey]);', '', 101],
  'unlinked and still counted': ['modules/progress/progress', 'await store.retractOfAgent(sql, learnerId, agentKey);', ''],
  'a generation being built is not kept up with': ['modules/progress/refold', 'if (lanes.next) {', 'if (false) {'],
  'judgements left behind by a merge': ['modules/progress/progress', 'await store.moveJudgements(sql, from, into, this.#clock.now());', '', 7],
  'level maps ignored': ['modules/progress/fold-model', 'levelMap === null ? row.level', 'true ? row.level', 104],
  'successors ignored': ['modules/progress/fold-model', 'if (this.#replacements.size === 0)', 'if (true)', 104],
  'caps of kinds ignored': ['modules/progress/rules', 'rule.kindCaps[kind]', 'null', 106],
  'windows of rule versions ignored': ['modules/progress/lanes', 'window.until === null || occurredAt < window.until', 'true'],
  'time passes unnoticed': ['modules/progress/direct-level', 'row.occurredAt > asOf ? [row.occurredAt]', 'row.occurredAt > asOf ? []', 100],
};

const SEED = 102;
const RUNS = 10;

const name = process.argv[2] ?? 'none';
const fault = FAULTS[name];
if (!fault) throw new Error(`there is no fault ${name}; there are ${Object.keys(FAULTS).join(', ')}`);
const [file, from, to] = fault;

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    // The helpers name the sources; what runs is what was built of them.
    return /\/(?:src|migrations)\/.*\.ts$/.test(resolved.url) && !resolved.url.includes('/node_modules/')
      ? { ...resolved, url: resolved.url.replace(/\/(src|migrations)\/(.*)\.ts$/, '/dist/$1/$2.js'), format: 'module' }
      : resolved;
  },
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith(`/dist/src/${file}.js`)) return loaded;
    const source = String(loaded.source);
    if (!source.includes(from)) throw new Error(`the fault ${name} has no place to be planted in`);
    return { ...loaded, source: source.replace(from, () => to) };
  },
});

const { Engine } = await import('../support/engine-worlds.ts');
const engine = await Engine.start();
let caught = null;
try {
  // Without a fault, all that the faults are caught with.
  const seeds = name === 'none' ? new Set(Object.values(FAULTS).map((one) => one[3] ?? SEED)) : [fault[3] ?? SEED];
  for (const seed of seeds) await engine.check('BEST_VALID', { numRuns: RUNS, seed, endOnFailure: true });
} catch (error) {
  caught = error;
} finally {
  await engine.close();
}
if (caught) {
  process.stdout.write(`${caught.message.split('\n', 1)[0]}\n${String(caught.cause?.message ?? '').slice(0, 500)}`);
  process.exit(1);
}
