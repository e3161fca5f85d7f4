/** A SCO of 1.2 that does what a test tells it, and says what it found; the API as real content looks for it. */
const FINDER = `
function findApi(name) { let at = window; for (let n = 0; n < 10; n += 1) { if (at[name]) return at[name]; if (at.parent === at) break; at = at.parent; } return at.opener ? at.opener[name] : null; }
`;

/** A page with the API as \`api\`, and \`get\`, \`set\`, \`commit\`, \`finish\` that tests call; it finishes at unload, as real content does. */
export function scoPage(edition: '1.2' | '2004', title = 'SCO', options: { finishesAtUnload?: boolean } = {}): string {
  const { finishesAtUnload = true } = options;
  const [name, prefix] = edition === '1.2' ? ['API', 'LMS'] : ['API_1484_11', ''];
  const end = edition === '1.2' ? 'LMSFinish' : 'Terminate';
  return `<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1><script>${FINDER}
const api = findApi('${name}');
let isDone = false;
const get = (element) => api.${prefix}GetValue(element);
const set = (element, value) => api.${prefix}SetValue(element, value);
const commit = () => api.${prefix}Commit('');
const finish = () => { if (isDone) return 'done'; isDone = true; return api.${end}(''); };
window.found = api.${prefix}Initialize('');
${finishesAtUnload ? "window.addEventListener('unload', finish); window.addEventListener('pagehide', finish);" : ''}
document.body.dataset.ready = 'yes';
</script></body></html>`;
}
