import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';

/** GraphiQL and React as npm delivers them: the page asks no other host for anything. */
const ASSETS = {
  'react.js': ['react', 'umd/react.production.min.js', 'text/javascript'],
  'react-dom.js': ['react-dom', 'umd/react-dom.production.min.js', 'text/javascript'],
  'graphiql.js': ['graphiql', 'graphiql.min.js', 'text/javascript'],
  'graphiql.css': ['graphiql', 'graphiql.min.css', 'text/css'],
} as const;

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mumpuni GraphQL explorer</title>
<link rel="stylesheet" href="/explorer/graphiql.css">
<style>html,body,#explorer{height:100%;margin:0}</style>
</head>
<body>
<div id="explorer">Loading …</div>
<script src="/explorer/react.js"></script>
<script src="/explorer/react-dom.js"></script>
<script src="/explorer/graphiql.js"></script>
<script src="/explorer/start.js"></script>
</body>
</html>
`;

const START = (graphqlPath: string): string => `
const fetcher = GraphiQL.createFetcher({ url: ${JSON.stringify(graphqlPath)} });
ReactDOM.createRoot(document.getElementById('explorer')).render(React.createElement(GraphiQL, {
  fetcher,
  shouldPersistHeaders: false,
  defaultEditorToolsVisibility: 'headers',
  defaultHeaders: JSON.stringify({ Authorization: 'Bearer PASTE THE TOKEN FROM credentials.json HERE' }, null, 2),
  defaultQuery: '# Paste your token under Headers below, then run this.\\n{\\n  learners(first: 5) {\\n    nodes { name progress { competency { code fullStatement } current currentLabel target gap why } }\\n  }\\n}\\n',
}));
`;

const require = createRequire(import.meta.url);

/** A file of a package; the packages export their manifest, not the files a page needs. */
const asset = (name: string, path: string): Promise<Buffer> => readFile(join(dirname(require.resolve(`${name}/package.json`)), path));

/** Whether the explorer's packages are there: an installation without development packages has none. */
export function hasExplorer(): boolean {
  try {
    require.resolve('graphiql/package.json');
    return true;
  } catch {
    return false;
  }
}

/** A page to try queries on, for development. */
export async function explorerRoutes(server: FastifyInstance, graphqlPath: string): Promise<void> {
  const files = await Promise.all(Object.entries(ASSETS).map(async ([name, [from, path, type]]) => ({ name, type, body: await asset(from, path) })));
  const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; frame-ancestors 'none'";
  server.get('/explorer', (_request, reply) => reply.type('text/html; charset=utf-8').header('Content-Security-Policy', policy).send(PAGE));
  server.get('/explorer/start.js', (_request, reply) => reply.type('text/javascript; charset=utf-8').send(START(graphqlPath)));
  for (const { name, type, body } of files) server.get(`/explorer/${name}`, (_request, reply) => reply.type(`${type}; charset=utf-8`).send(body));
}
