import { connect } from 'node:net';
import { now } from './client.mjs';

const SEPARATOR = Buffer.from('\r\n\r\n');

/**
 * One kept-alive HTTP/1.1 connection with one request under way, for loads that `node:http` could not offer without
 * taking the server's share of the machine.
 */
export class RawConnection {
  #socket;
  #head;
  #received = [];
  #answer = null;

  constructor({ address, authorization }) {
    const { hostname, port } = new URL(address);
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#head =
      `POST /xapi/statements HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: ${authorization}\r\n` +
      'X-Experience-API-Version: 1.0.3\r\nContent-Type: application/json\r\nContent-Length: ';
    this.#socket.on('data', (chunk) => this.#take(chunk));
    for (const event of ['error', 'close']) this.#socket.on(event, () => this.#end(null));
  }

  get closed() {
    return this.#socket.destroyed;
  }

  /** @returns status, whether Retry-After is there, and the milliseconds it took; null when the connection ended instead. */
  post(body) {
    const started = now();
    return new Promise((done) => {
      this.#answer = (answer) => done(answer && { ...answer, ms: now() - started });
      this.#socket.write(`${this.#head}${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });
  }

  close() {
    this.#socket.destroy();
  }

  #end(answer) {
    this.#received = [];
    const give = this.#answer;
    this.#answer = null;
    give?.(answer);
  }

  #take(chunk) {
    this.#received.push(chunk);
    const all = this.#received.length === 1 ? chunk : Buffer.concat(this.#received);
    const end = all.indexOf(SEPARATOR);
    if (end === -1) return;
    const head = all.toString('latin1', 0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (all.length < end + 4 + length) return;
    this.#end({ status: Number(head.slice(9, 12)), retryAfter: /retry-after:/i.test(head) });
  }
}
