import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureIngestion } from './ingestion.mjs';
import { measureLatency } from './latency.mjs';
import { openBench } from './server.mjs';
import { measureValidation } from './validation.mjs';

/** Runs every measurement on one durable embedded server and prints a table; all figures of a run are comparable. */
const dataDir = await mkdtemp(join(tmpdir(), 'mumpuni-bench-'));
const bench = await openBench(dataDir);
try {
  const results = {
    machine: `${cpus().length} x ${cpus()[0].model}`,
    node: process.version,
    validation: measureValidation(),
    ingestion: await measureIngestion(bench),
    latency: await measureLatency(bench),
  };
  await mkdir('test/bench/results', { recursive: true });
  await writeFile('test/bench/results/latest.json', `${JSON.stringify(results, null, 2)}\n`);
  console.log(`${results.machine}, Node ${results.node}\n`);
  console.log(`validation             ${results.validation.perSecond} statements/s on one core (${results.validation.bytes} bytes each)`);
  for (const row of results.ingestion)
    console.log(
      `ingestion, batch ${String(row.batch).padEnd(4)}  HTTP ${row.http}/s, direct SQL ${row.direct}/s, ratio ${row.ratio} (${row.connections} connections, median of ${row.rounds}); processor per statement: ${row.processorPerStatement.http.own} µs here, client included, and ${row.processorPerStatement.http.database} µs in the database; direct ${row.processorPerStatement.direct.own} and ${row.processorPerStatement.direct.database} µs`,
    );
  console.log(`statement to progress  p50 ${results.latency.p50Ms} ms, p99 ${results.latency.p99Ms} ms (${results.latency.samples} statements, one at a time)`);
} finally {
  await bench.close();
  await rm(dataDir, { recursive: true, force: true });
}
