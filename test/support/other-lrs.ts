import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An LRS that answers as told, and remembers what it was sent. */
export class OtherLrs {
  readonly received: { id: string }[][] = [];
  answer: (statements: readonly { id: string }[]) => number = () => 200;
  #server: Server | null = null;

  async start(): Promise<string> {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const statements = JSON.parse(Buffer.concat(chunks).toString()) as { id: string }[];
        this.received.push(statements);
        response.writeHead(this.answer(statements), { 'Content-Type': 'text/plain' }).end('said the other LRS');
      });
    });
    await new Promise<void>((done) => this.#server?.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}
