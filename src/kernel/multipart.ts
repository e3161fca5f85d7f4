import { invalid } from './errors.ts';

/** One part of a multipart body. Header names are in lower case. */
export interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Uint8Array;
}

const RULE = 'RFC 2046 5.1 multipart';
const MAX_PARTS = 1_000;
const MAX_HEADER_BYTES = 8_192;
const CRLF = Buffer.from('\r\n');
const BLANK_LINE = Buffer.from('\r\n\r\n');

const refuse = (message: string): Error => invalid('', RULE, message);

/** The boundary of a Content-Type, quoted or not. @throws AppError INVALID_INPUT when there is none, or none that is allowed. */
export function boundaryOf(contentType: string): string {
  const match = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined || !/^[\w'()+,\-./:=? ]*[\w'()+,\-./:=?]$/.test(boundary))
    throw invalid('/headers/Content-Type', RULE, 'multipart/mixed needs a boundary of 1 to 70 characters');
  return boundary;
}

function readHeaders(block: string): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of block.split('\r\n').filter(Boolean)) {
    const match = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/.exec(line);
    if (!match?.[1]) throw refuse(`a part has a line among its headers that is none: ${JSON.stringify(line.slice(0, 60))}`);
    const name = match[1].toLowerCase();
    if (headers.has(name)) throw refuse(`a part has the header ${name} twice`);
    headers.set(name, match[2] ?? '');
  }
  return headers;
}

/** Where the next delimiter line begins, and where the line after it does; null at the end of the body. */
function nextDelimiter(body: Buffer, delimiter: Buffer, from: number): { start: number; next: number; isLast: boolean } | null {
  for (let start = body.indexOf(delimiter, from); start !== -1; start = body.indexOf(delimiter, start + 1)) {
    const atLineStart = start === 0 || (start >= 2 && body.subarray(start - 2, start).equals(CRLF));
    if (!atLineStart) continue;
    let after = start + delimiter.length;
    const isLast = body[after] === 0x2d && body[after + 1] === 0x2d;
    if (isLast) after += 2;
    while (body[after] === 0x20 || body[after] === 0x09) after += 1;
    const endsLine = body.subarray(after, after + 2).equals(CRLF);
    // A line that only begins like the delimiter belongs to the part.
    if (endsLine || (isLast && after === body.length)) return { start, next: after + 2, isLast };
  }
  return null;
}

/**
 * Takes a multipart body apart, strictly: CRLF line ends, every part closed, nothing decoded. What stands before the
 * first delimiter and after the last is ignored, as the standard says.
 * @throws AppError INVALID_INPUT
 * @see RFC 2046, 5.1
 */
export function readMultipart(bytes: Uint8Array, boundary: string): readonly Part[] {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const delimiter = Buffer.from(`--${boundary}`);
  const parts: Part[] = [];
  let place = nextDelimiter(body, delimiter, 0);
  if (!place) throw refuse('the body does not hold the boundary that Content-Type names');
  while (!place.isLast) {
    if (parts.length >= MAX_PARTS) throw refuse(`more than ${MAX_PARTS} parts`);
    // An empty header block is a blank line at once.
    const isBare = body.subarray(place.next, place.next + 2).equals(CRLF);
    const blank = isBare ? place.next - 2 : body.indexOf(BLANK_LINE, place.next);
    const following = nextDelimiter(body, delimiter, place.next);
    if (!following) throw refuse('the last part is not closed by the boundary and two hyphens');
    if (blank === -1 || blank + 4 > following.start) throw refuse('a part has no blank line between its headers and its content');
    if (blank - place.next > MAX_HEADER_BYTES) throw refuse(`the headers of a part may have at most ${MAX_HEADER_BYTES} bytes`);
    const headers = readHeaders(body.toString('latin1', place.next, Math.max(blank, place.next)));
    parts.push({ headers, bytes: body.subarray(blank + 4, Math.max(blank + 4, following.start - 2)) });
    place = following;
  }
  return parts;
}

/** A part to write. */
export interface PartSource {
  readonly headers: Readonly<Record<string, string>>;
  /** Asked for when its turn comes, so that no two parts need be in memory at once. */
  readonly bytes: () => Promise<Uint8Array>;
}

export interface Multipart {
  /** The Content-Type, with the boundary. */
  readonly type: string;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Writes a multipart/mixed body. Its boundary, 128 random bits, stands in none of what it parts. */
export function writeMultipart(parts: readonly PartSource[]): Multipart {
  const boundary = `mumpuni-${crypto.randomUUID()}`;
  async function* body(): AsyncGenerator<Uint8Array> {
    for (const { headers, bytes } of parts) {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      yield Buffer.from(`--${boundary}\r\n${lines.join('')}\r\n`);
      yield await bytes();
      yield CRLF;
    }
    yield Buffer.from(`--${boundary}--\r\n`);
  }
  return { type: `multipart/mixed; boundary=${boundary}`, body: body() };
}
