import { SaxesParser, type SaxesTagNS } from 'saxes';

/** One element, its names resolved: prefixes mean nothing. */
export interface XmlElement {
  /** Namespace; empty where there is none. */
  readonly uri: string;
  readonly local: string;
  readonly attributes: readonly XmlAttribute[];
  readonly children: readonly XmlElement[];
  /** The character data directly in it. */
  readonly text: string;
  /** Where it begins, from 1. */
  readonly line: number;
}

interface XmlAttribute {
  readonly uri: string;
  readonly local: string;
  readonly value: string;
}

/** A document that is not taken; the message says why, and where. */
export class XmlError extends Error {}

export interface XmlLimits {
  readonly maxDepth: number;
  readonly maxElements: number;
  /** Longest text of one element, in characters. */
  readonly maxText: number;
  readonly maxAttributes: number;
  /** Longest attribute, in characters. */
  readonly maxAttribute: number;
}

const DEFAULT_LIMITS: XmlLimits = { maxDepth: 64, maxElements: 50_000, maxText: 1_000_000, maxAttributes: 64, maxAttribute: 8_000 };

/** The text of an XML file: UTF-8, or UTF-16 where its first bytes say so. @throws XmlError for bytes that are no text. */
export function decodeXml(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const isLittle = (first === 0xff && second === 0xfe) || (first === 0x3c && second === 0);
  const isBig = (first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c);
  const declared =
    isLittle || isBig ? undefined : /^[\s\S]{0,3}<\?xml[^>]{0,200}encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']/.exec(latin1(bytes.subarray(0, 256)))?.[1];
  const encoding = isLittle ? 'utf-16le' : isBig ? 'utf-16be' : /^utf-?16$/i.test(declared ?? '') ? 'utf-8' : (declared ?? 'utf-8');
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new XmlError(`the file is not valid ${encoding}`);
  }
}

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/**
 * Reads an XML document into a tree.
 *
 * No document type is taken: with it would come entities, and with those files of ours and bombs. Nothing is fetched.
 * @throws XmlError for what is not well-formed, has a document type, or passes a limit.
 */
export function readXml(text: string, limits: XmlLimits = DEFAULT_LIMITS): XmlElement {
  const parser = new SaxesParser({ xmlns: true, position: true });
  type Open = Omit<XmlElement, 'children' | 'text'> & { children: XmlElement[]; text: string };
  const stack: Open[] = [];
  const roots: XmlElement[] = [];
  let elements = 0;
  const refuse = (message: string): never => {
    throw new XmlError(`line ${parser.line}: ${message}`);
  };
  parser.on('error', (error) => {
    throw new XmlError(`not well-formed: ${error.message.replace(/^(\d+):(\d+): /, 'line $1: ')}`);
  });
  parser.on('doctype', () => refuse('a document type (DTD) is not taken'));
  // As they come: a thousand attributes must not be gathered first.
  let attributeCount = 0;
  parser.on('opentagstart', () => {
    attributeCount = 0;
  });
  parser.on('attribute', () => {
    attributeCount += 1;
    if (attributeCount > limits.maxAttributes) refuse(`an element has more than ${limits.maxAttributes} attributes`);
  });
  parser.on('opentag', (tag: SaxesTagNS) => {
    elements += 1;
    if (elements > limits.maxElements) refuse(`more than ${limits.maxElements} elements`);
    if (stack.length >= limits.maxDepth) refuse(`elements are nested deeper than ${limits.maxDepth}`);
    for (const { value } of Object.values(tag.attributes))
      if (value.length > limits.maxAttribute) refuse(`an attribute holds more than ${limits.maxAttribute} characters`);
    const attributes = Object.values(tag.attributes).filter(({ uri }) => uri !== 'http://www.w3.org/2000/xmlns/');
    stack.push({
      uri: tag.uri,
      local: tag.local,
      attributes: attributes.map(({ uri, local, value }) => ({ uri, local, value })),
      children: [],
      text: '',
      line: parser.line,
    });
  });
  const addText = (data: string): void => {
    const open = stack.at(-1);
    if (!open) return;
    open.text += data;
    if (open.text.length > limits.maxText) refuse(`an element holds more than ${limits.maxText} characters`);
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const closed = stack.pop();
    if (!closed) return;
    const parent = stack.at(-1);
    if (parent) parent.children.push(closed);
    else roots.push(closed);
  });
  parser.write(text.replace(/^\uFEFF/, '')).close();
  const [root] = roots;
  if (!root) throw new XmlError('the file holds no element');
  return root;
}

/** The children of a name, in any of the namespaces; without namespaces in every one. */
export const childrenOf = (element: XmlElement, local: string, uris?: readonly string[]): readonly XmlElement[] =>
  element.children.filter((child) => child.local === local && (uris === undefined || uris.includes(child.uri)));

export const childOf = (element: XmlElement | undefined, local: string, uris?: readonly string[]): XmlElement | undefined =>
  element === undefined ? undefined : childrenOf(element, local, uris)[0];

/** An attribute by its local name, whatever its namespace and the case of its letters: tools write both. */
export const attributeOf = (element: XmlElement | undefined, local: string): string | undefined =>
  element?.attributes.find((attribute) => attribute.local.toLowerCase() === local.toLowerCase())?.value;

/** The text of an element without white space around it; undefined where it is absent or empty. */
export const textOf = (element: XmlElement | undefined): string | undefined => element?.text.trim() || undefined;
