import net from 'node:net';

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost', undefined]);
const connect = net.Socket.prototype.connect;

/** Tests talk to this machine only: anything else fails at once, with the address in the message. */
net.Socket.prototype.connect = function closed(this: net.Socket, ...args: unknown[]): net.Socket {
  const first = Array.isArray(args[0]) ? (args[0] as unknown[])[0] : args[0];
  const host =
    typeof first === 'object' && first !== null && 'host' in first ? (first as { host?: string }).host : typeof args[1] === 'string' ? args[1] : undefined;
  if (!LOOPBACK.has(host)) throw new Error(`the network is closed in tests: ${host}`);
  return Reflect.apply(connect, this, args) as net.Socket;
};
