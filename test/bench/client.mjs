import { fork } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { cpus } from 'node:os';

/** Milliseconds since 1970 with fractions, comparable between processes of one machine. */
export const now = () => performance.timeOrigin + performance.now();

/** One HTTP request over a kept-alive agent. @returns status, headers, body as text, and how long it took. */
export function send(agent, { address, authorization }, { method = 'GET', path, body }) {
  return new Promise((done, fail) => {
    const started = performance.now();
    const content = body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const sending = request(
      `${address}${path}`,
      { method, agent, headers: { Authorization: authorization, 'X-Experience-API-Version': '1.0.3', ...content } },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', fail);
        response.on('end', () =>
          done({ status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString(), ms: performance.now() - started }),
        );
      },
    );
    sending.on('error', fail);
    sending.end(body);
  });
}

/** The value that a share of all values does not exceed, to a tenth; null of nothing. */
export function percentile(values, share) {
  const sorted = Float64Array.from(values).sort();
  return sorted.length === 0 ? null : Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] * 10) / 10;
}

/**
 * Runs work in a process of its own, so that the load does not share the server's event loop.
 * @param onNote told of messages with a `note`, which are not the answer.
 */
export function inChild(file, input, onNote = () => undefined) {
  return new Promise((done, fail) => {
    const child = fork(file, ['child'], { serialization: 'advanced' });
    child.on('message', (message) => (message.note === undefined ? done(message) : void onNote(message.note, child)));
    child.once('error', fail);
    child.once('exit', (code) => code !== 0 && fail(new Error(`the client ended with ${code}`)));
    child.send(input);
  });
}

export const isChild = process.argv[2] === 'child' && process.send !== undefined;

/** The other side of {@link inChild}. */
export function answerParent(work) {
  process.once('message', async (input) => {
    const result = await work(input);
    process.send(result, () => process.disconnect());
  });
}

/** The value after `--name` on the command line. */
export function option(name, fallback) {
  const index = process.argv.indexOf(`--${name}`);
  return index === -1 ? fallback : process.argv[index + 1];
}

export const machine = () => `${cpus().length} x ${cpus()[0].model}, Node ${process.version}`;

export async function writeResults(name, results) {
  await mkdir('test/bench/results', { recursive: true });
  await writeFile(`test/bench/results/${name}.json`, `${JSON.stringify({ machine: machine(), date: new Date().toISOString(), ...results }, null, 2)}\n`);
}
