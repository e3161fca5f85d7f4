/** The import directions of the design, as rules. A module is entered through its index. */
const inside = (folder) => ({ path: `^src/${folder}/` });

module.exports = {
  forbidden: [
    { name: 'kernel-imports-nothing', severity: 'error', from: inside('kernel'), to: { path: '^src/', pathNot: '^src/kernel/' } },
    { name: 'standards-stay-pure', severity: 'error', from: inside('standards'), to: { path: '^(src/(?!standards/|kernel/)|migrations/)' } },
    { name: 'standards-do-no-io', severity: 'error', from: inside('standards'), to: { dependencyTypes: ['core', 'npm'] } },
    { name: 'kernel-does-no-io', severity: 'error', from: inside('kernel'), to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' } },
    { name: 'blobs-below-modules', severity: 'error', from: inside('blobs'), to: { path: '^src/(?!blobs/|kernel/)' } },
    { name: 'db-below-modules', severity: 'error', from: inside('db'), to: { path: '^src/(?!db/|kernel/)' } },
    { name: 'modules-below-doors', severity: 'error', from: inside('modules'), to: { path: '^src/(graphql|http|jobs|web|commands|demo|config|app|main)' } },
    {
      name: 'modules-through-their-index',
      severity: 'error',
      from: { path: '^src/modules/([^/]+)/' },
      to: { path: '^src/modules/([^/]+)/', pathNot: ['^src/modules/$1/', '/index\\.ts$'] },
    },
    { name: 'doors-enter-by-the-index', severity: 'error', from: { path: '^src/', pathNot: '^src/modules/' }, to: { path: '^src/modules/[^/]+/(?!index\\.ts$)' } },
    // The page takes types alone: the whole index would have to come to the browser.
    { name: 'standards-through-their-index', severity: 'error', from: { path: '^src/', pathNot: '^src/(standards|web/player)/' }, to: { path: '^src/standards/[^/]+/(?!index\\.ts$)' } },
    { name: 'doors-keep-apart', severity: 'error', from: { path: '^src/(graphql|jobs)/' }, to: { path: '^src/(http|web|commands)/' } },
    { name: 'only-the-root-composes', severity: 'error', from: { path: '^src/(?!app\\.ts|main\\.ts|commands/)' }, to: { path: '^src/app\\.ts$' } },
    { name: 'no-cycles', severity: 'error', from: { path: '^src/', pathNot: '^src/graphql/' }, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs', '.cjs'] },
  },
};
