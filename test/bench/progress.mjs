// npm run bench:progress [-- --learners 20000 --statements 50 --data folder]
// Many learners with many statements each: the projector, a rebuild, a change of rules beside readers, and reads over GraphQL.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toGlobalId } from '../../dist/src/graphql/node.js';
import { storeBatches } from '../../dist/src/modules/lrs/ingest.store.js';
import { prepareStatements } from '../../dist/src/modules/lrs/prepare.js';
import { PLAIN_RULE } from '../../dist/src/modules/progress/index.js';
import { answerParent, inChild, isChild, machine, now, option, percentile, send, writeResults } from './client.mjs';
import { openBench } from './server.mjs';

const ITEMS = 100;
const PARENTS = 10;
const PASSED = 'http://adlnet.gov/expapi/verbs/passed';
const HOME = 'https://bench.example/people';
const LIMITS = { maxDepth: 64, maxBatch: 1000 };

const uuidOf = (text) =>
  createHash('sha1')
    .update(text)
    .digest('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-5$3-8$4-$5');
const activity = (item) => `https://bench.example/tests/${item}`;
const itemId = (name) => uuidOf(`item ${name}`);
const link = (id) => ({ title: id, identifier: id, uri: `urn:uuid:${id}` });

/** A framework of ten groups of ten competencies, each with five levels; a group takes the best of its own. */
function framework() {
  const document = uuidOf('bench framework');
  const names = [...Array.from({ length: PARENTS }, (_, group) => `G${group}`), ...Array.from({ length: ITEMS }, (_, item) => `C${item}`)];
  const parent = (name) => (name.startsWith('C') ? itemId(`G${Number(name.slice(1)) % PARENTS}`) : document);
  return JSON.stringify({
    CFDocument: { identifier: document, creator: 'bench', title: 'Bench' },
    CFItems: names.map((name) => ({
      identifier: itemId(name),
      fullStatement: name,
      humanCodingScheme: name,
      ...(name.startsWith('G') && { extensions: { rollup: 'ANY_OF' } }),
    })),
    CFAssociations: names.map((name) => ({
      identifier: uuidOf(`edge ${name}`),
      associationType: 'isChildOf',
      originNodeURI: link(itemId(name)),
      destinationNodeURI: link(parent(name)),
    })),
    CFRubrics: names.map((name) => ({
      identifier: uuidOf(`rubric ${name}`),
      CFRubricCriteria: [
        {
          identifier: uuidOf(`criterion ${name}`),
          CFItemURI: link(itemId(name)),
          CFRubricCriterionLevels: [1, 2, 3, 4, 5].map((rank) => ({ identifier: uuidOf(`level ${name} ${rank}`), quality: String(rank), position: rank })),
        },
      ],
    })),
  });
}

/** As many competencies and associations as the largest public framework: 919 and 1,804. */
function largeGraph() {
  const document = uuidOf('large graph');
  const ids = Array.from({ length: 919 }, (_, index) => uuidOf(`large ${index}`));
  const edge = (associationType, origin, destination) => ({
    identifier: uuidOf(`${associationType} ${origin} ${destination}`),
    associationType,
    originNodeURI: link(origin),
    destinationNodeURI: link(destination),
  });
  return JSON.stringify({
    CFDocument: { identifier: document, creator: 'bench', title: 'Large' },
    CFItems: ids.map((identifier, index) => ({
      identifier,
      fullStatement: `Statement ${index} of some length, as frameworks have them.`,
      humanCodingScheme: `L.${index}`,
    })),
    CFAssociations: [
      ...ids.map((id, index) => edge('isChildOf', id, index === 0 ? document : ids[Math.floor((index - 1) / 8)])),
      ...ids.slice(34).map((id, index) => edge('isRelatedTo', id, ids[index])),
    ],
  });
}

const bands = (shift) => [1, 2, 3, 4, 5].map((level) => ({ scaledMin: (level - shift) / 5, level })).filter((band) => band.scaledMin >= 0);

async function buildWorld({ modules }, learners) {
  const { competencies, people, progress, training } = modules;
  for (const source of [framework(), largeGraph()])
    await competencies.import({ source, kind: 'TECHNICAL', defaultRollup: 'NONE', publish: true, dryRun: false });
  const { versionId } = await training.createProgram({ code: 'BENCH', title: 'Bench', kind: 'TECHNICAL', form: 'NON_CLASSICAL' });
  const module = await training.addModule({ versionId, title: 'Module', jp: 4 });
  for (let item = 0; item < ITEMS; item += 1) {
    const added = await training.addActivity({ moduleId: module.id, iri: activity(item), title: `Test ${item}`, kind: 'TEST', ownerId: null });
    await training.addAlignment({ moduleId: module.id, activityId: added.id, itemId: itemId(`C${item}`), targetLevel: 5, contribution: 'ASSESSES' });
  }
  await training.publishVersion(versionId);
  const rule = (item, shift) => ({ ...PLAIN_RULE, activityIri: activity(item), verbs: [PASSED], itemId: itemId(`C${item}`), level: 1, bands: bands(shift) });
  const versions = [];
  for (const shift of [0, 1])
    versions.push(
      (await progress.ruleSets.createVersion({ code: 'BENCH', title: 'Bench', rules: Array.from({ length: ITEMS }, (_, item) => rule(item, shift)) })).id,
    );
  await progress.ruleSets.activate({ versionId: versions[0], from: null });
  const unit = (await people.createUnit({ code: 'BENCH', name: 'Bench', kind: 'OPD', parentId: null })).id;
  const position = (await people.createPosition({ code: 'BENCH', title: 'Bench', family: 'PELAKSANA' })).id;
  await competencies.createStandard({
    positionId: position,
    legalBasis: 'bench',
    effectiveFrom: new Date('2026-01-01'),
    requirements: Array.from({ length: 30 }, (_, item) => ({ itemId: itemId(`C${item}`), requiredLevel: 3, importance: 'IMPORTANT' })),
  });
  const ids = [];
  for (let index = 0; index < learners; index += 1) {
    const { id } = await people.createLearner({
      name: `Learner ${index}`,
      staffCategory: 'PNS',
      identities: [{ kind: 'account', homePage: HOME, value: `p${index}` }],
    });
    ids.push(id);
    if (index < 500) await people.createHolding({ learnerId: id, positionId: position, unitId: unit, validFrom: new Date('2026-01-01'), validTo: null });
    if (index % 5_000 === 4_999) console.log(`${index + 1} learners`);
  }
  return { unit, next: versions[1], learners: ids };
}

/** One statement: learner 0 has something in every competency. */
const statementOf = (learner, index) => ({
  actor: { account: { homePage: HOME, name: `p${learner}` } },
  verb: { id: PASSED },
  object: { id: activity((learner * 7 + index) % ITEMS) },
  result: { score: { scaled: ((learner + index * 3) % 11) / 10 } },
  timestamp: new Date(Date.parse('2026-02-01') + index * 86_400_000).toISOString(),
});

async function load(bench, learners, each) {
  const { sql } = bench.app.database;
  let batch = [];
  const flush = async () => {
    const statements = prepareStatements({
      bytes: Buffer.from(JSON.stringify(batch)),
      version: '1.0.3',
      sender: bench.sender,
      limits: LIMITS,
      newStatementId: () => crypto.randomUUID(),
    });
    await storeBatches(sql, [{ sender: bench.sender, statements }]);
    batch = [];
  };
  for (let learner = 0; learner < learners; learner += 1) {
    for (let index = 0; index < (learner === 0 ? ITEMS : each); index += 1) {
      batch.push(statementOf(learner, index));
      if (batch.length === 500) await flush();
    }
  }
  if (batch.length > 0) await flush();
}

async function timed(label, count, work) {
  const started = performance.now();
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 200);
  const value = await work();
  clearInterval(watch);
  const seconds = (performance.now() - started) / 1_000;
  const row = {
    label,
    seconds: Math.round(seconds * 10) / 10,
    perSecond: count === null ? null : Math.round(count / seconds),
    rssMb: Math.round(most / 1_048_576),
  };
  console.log(`${label}: ${row.seconds} s${row.perSecond === null ? '' : `, ${row.perSecond}/s`}${most === 0 ? '' : `, ${row.rssMb} MB at most`}`);
  return { ...row, value };
}

async function post(target, query, variables) {
  const body = JSON.stringify({ query, variables });
  const answer = await send(target.agent, { address: target.address, authorization: `Bearer ${target.token}` }, { method: 'POST', path: '/graphql', body });
  if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.text.slice(0, 300)}`);
  return answer;
}

const READS = {
  'one learner, 100 competencies, evidence and targets': [
    'query ($id: ID!) { learner(id: $id) { progress { competency { code } current target gap confidence evidence { level } } } }',
    'learner',
  ],
  'gap heat map, 500 people and 30 competencies': [
    'query ($id: ID!) { gapHeatMap(unitId: $id) { units { percent } cells { competency { code } people below missing } } }',
    'unit',
  ],
  'graph of 919 competencies and 1,804 associations': [
    'query ($id: ID!) { competencyGraph(frameworkVersionId: $id) { nodes { code fullStatement } edges { type originIdentifier destinationIdentifier } } }',
    'graph',
  ],
};

/** In a process of its own: reads one after the other, and reading while something else goes on. */
async function read(input) {
  const target = { ...input, agent: new Agent({ keepAlive: true, maxSockets: 1 }) };
  const results = [];
  for (const [name, [query, of]] of Object.entries(READS)) {
    const times = [];
    for (let round = 0; round < input.rounds + 20; round += 1) {
      const { ms } = await post(target, query, { id: input.ids[of] });
      if (round >= 20) times.push(ms);
    }
    results.push({ name, p50: percentile(times, 0.5), p99: percentile(times, 0.99) });
  }
  return results;
}

/** Posts batches for a while, as fast as it goes or at a rate. @returns statements a second, and how long each took to be seen as progress. */
async function ingest({ address, authorization, token, seconds, rate, learners }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const until = performance.now() + seconds * 1_000;
  const seen = [];
  let sent = 0;
  const graph = { agent: new Agent({ keepAlive: true, maxSockets: 1 }), address, token };
  const probing = (async () => {
    while (performance.now() < until) {
      const id = crypto.randomUUID();
      const started = now();
      await send(
        agent,
        { address, authorization },
        { method: 'POST', path: '/xapi/statements', body: JSON.stringify({ id, ...statementOf(Math.floor(Math.random() * learners), 1) }) },
      );
      for (let state = 'WAITING'; state === 'WAITING' && performance.now() < until; ) {
        // Asking without a pause would take the very time that is measured.
        await new Promise((done) => setTimeout(done, 20));
        const answer = await post(graph, 'query ($ids: [UUID!]!) { statementStatus(ids: $ids) { state } }', { ids: [id] });
        state = JSON.parse(answer.text).data.statementStatus[0].state;
      }
      seen.push(now() - started);
      await new Promise((done) => setTimeout(done, 20));
    }
  })();
  const began = performance.now();
  await Promise.all(
    Array.from({ length: 7 }, async () => {
      while (performance.now() < until) {
        if (rate !== null && sent / ((performance.now() - began) / 1_000 + 0.001) > rate) {
          await new Promise((done) => setTimeout(done, 10));
          continue;
        }
        sent += 50;
        const body = JSON.stringify(Array.from({ length: 50 }, () => statementOf(Math.floor(Math.random() * learners), Math.floor(Math.random() * 50))));
        const { status } = await send(agent, { address, authorization }, { method: 'POST', path: '/xapi/statements', body });
        if (status !== 200 && status !== 503) throw new Error(`status ${status}`);
        if (status === 503) sent -= 50;
      }
    }),
  );
  const perSecond = Math.round(sent / ((performance.now() - began) / 1_000));
  await probing;
  return { perSecond, seen: { n: seen.length, p50: percentile(seen, 0.5), p99: percentile(seen, 0.99) } };
}

const waiting = async ({ sql }) => (await sql.rows('select count(*)::int as count from lrs.inbox'))[0].count;

async function drainAll(bench, count) {
  bench.app.projector.start();
  while ((await waiting(bench.app.database)) > 0) await new Promise((done) => setTimeout(done, 50));
  return count;
}

/** How many levels of one kind each reader sees while a change is brought into effect: a mixture would show as a third number. */
async function watchSums({ progress }, learnerIds, done) {
  const sums = new Set();
  while (!done.signal.aborted) {
    const rows = await progress.progressOf(learnerIds, null);
    sums.add([...rows.values()].flat().reduce((sum, row) => sum + row.currentLevel, 0));
  }
  return [...sums];
}

async function run() {
  const learners = Number(option('learners', 20_000));
  const each = Number(option('statements', 50));
  const kept = option('data');
  const dataDir = kept ?? (await mkdtemp(join(tmpdir(), 'mumpuni-progress-')));
  const bench = await openBench(dataDir, { XAPI_RATE_LIMIT_PER_MINUTE: '100000000' });
  const results = { machine: machine(), learners, steps: [] };
  const { app } = bench;
  const step = async (...of) => {
    const { value, ...row } = await timed(...of);
    results.steps.push(row);
    return value;
  };
  try {
    const world = await buildWorld(app, learners);
    const statements = learners * each + ITEMS - each;
    await step('stored', statements, () => load(bench, learners, each));
    await step('projected, nothing else going on', statements, () => drainAll(bench, statements));
    await app.database.pool.query('analyze');
    const [{ count }] = await app.database.sql.rows('select count(*)::int as count from progress.competency_progress');
    console.log(`${count} progress rows`);
    const [{ id: graph }] = await app.database.sql.rows(
      `select v.id from competency.framework_version v join competency.competency_framework f on f.id = v.framework_id where f.title = 'Large'`,
    );
    const ids = {
      learner: toGlobalId('Learner', world.learners[0]),
      unit: toGlobalId('OrganizationUnit', world.unit),
      graph: toGlobalId('FrameworkVersion', graph),
    };
    results.reads = await inChild(import.meta.filename, { kind: 'read', address: bench.address, token: bench.token, ids, rounds: 500 });
    console.table(results.reads);
    results.rows = count;

    const target = { kind: 'ingest', address: bench.address, authorization: bench.authorization, token: bench.token, learners };
    const before = await waiting(app.database);
    const peak = await inChild(import.meta.filename, { ...target, seconds: 15, rate: null });
    const left = (await waiting(app.database)) - before;
    results.together = { ingested: peak.perSecond, projected: Math.round(peak.perSecond - left / 15), seen: peak.seen };
    console.log(
      `together, saturated: ${peak.perSecond}/s stored, ${results.together.projected}/s projected; seen after p50 ${peak.seen.p50} ms, p99 ${peak.seen.p99} ms`,
    );
    await drainAll(bench, 0);
    const third = await inChild(import.meta.filename, { ...target, seconds: 15, rate: peak.perSecond / 3 });
    results.third = third;
    console.log(`together, a third of that: ${third.perSecond}/s stored; seen after p50 ${third.seen.p50} ms, p99 ${third.seen.p99} ms (${third.seen.n})`);
    await drainAll(bench, 0);

    // What the store alone takes, as `npm run bench` measured it on this machine last: half of that is to be kept up with.
    const alone = await readFile('test/bench/results/latest.json', 'utf8').then(
      (text) => JSON.parse(text).ingestion[0].http,
      () => null,
    );
    if (alone !== null) {
      const half = await inChild(import.meta.filename, { ...target, seconds: 15, rate: alone / 2 });
      const behind = await waiting(app.database);
      results.half = { ...half, projected: Math.round(half.perSecond - behind / 15) };
      console.log(
        `together, half of what the store alone takes (${alone}/s): ${half.perSecond}/s stored, ${results.half.projected}/s projected; seen after p50 ${half.seen.p50} ms`,
      );
      await drainAll(bench, 0);
    }

    const total = (await app.database.sql.rows('select count(*)::int as count from lrs.statement'))[0].count;
    await step('rebuilt', total, () => app.modules.progress.rebuild(() => undefined));
    const build = async () => {
      while ((await app.modules.progress.build()) !== null);
    };
    await step('preview of a change that concerns everybody', total, async () => {
      await app.modules.progress.ruleSets.preview({ versionId: world.next, from: null });
      await build();
    });
    const told = await app.modules.progress.ruleSets.impact(1_000);
    const sums = (units, key) => units.reduce((sum, unit) => sum + unit[key], 0);
    const done = new AbortController();
    const reader = watchSums(app.modules, world.learners.slice(0, 2_000), done);
    await step('activated beside a reader', null, () => app.modules.progress.ruleSets.activate({ versionId: world.next, from: null }));
    await new Promise((end) => setTimeout(end, 3_000));
    done.abort();
    const [{ gains, losses }] = await app.database.sql.rows(
      `select count(*) filter (where to_level > from_level)::int as gains, count(*) filter (where to_level < from_level)::int as losses from progress.progress_event where cause = 'RULE_CHANGE'`,
    );
    results.activation = {
      previewed: { gains: sums(told.units, 'gains'), losses: sums(told.units, 'losses') },
      happened: { gains, losses },
      sumsSeen: (await reader).length,
    };
    console.log(results.activation);
    const differences = [];
    await step('verified', total, () => app.modules.progress.verify((_learners, found) => differences.push(...found)));
    results.differences = differences.length;
    console.log(`${differences.length} differences`);
    await writeResults('progress', results);
  } finally {
    await bench.close();
    if (kept === undefined) await rm(dataDir, { recursive: true, force: true });
  }
}

if (isChild) answerParent((input) => (input.kind === 'read' ? read(input) : ingest(input)));
else await run();
