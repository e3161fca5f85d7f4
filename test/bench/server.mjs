import { createApp } from '../../dist/src/app.js';
import { readConfig } from '../../dist/src/config/settings.js';
import { ownEmbeddedDatabase } from '../../dist/src/db/embedded-owner.js';
import { migrate } from '../../dist/src/db/schema-version.js';
import { loadDemoWorld } from '../../dist/src/demo/load.js';
import { systemClock } from '../../dist/src/kernel/clock.js';
import { actorKey } from '../../dist/src/modules/lrs/index.js';

/**
 * A server with the demo's rules on a durable database, and secrets for it.
 * @param environment settings beside those of the bench.
 * @param started whether the loops run too (projector, sequencer, forwarding).
 */
export async function openBench(dataDir, environment = {}, started = false) {
  const owned = await ownEmbeddedDatabase(dataDir, () => undefined);
  const config = readConfig({ NODE_ENV: 'production', PORT: '0', LOG_LEVEL: 'error', ...environment });
  const app = await createApp({ config, databaseUrl: owned.url });
  await migrate(app.database);
  await loadDemoWorld(app.database, app.modules, systemClock);
  const address = started ? await app.start() : await app.http.listen({ host: '127.0.0.1', port: 0 });
  const { key, secret, id } = await app.modules.access.createCredential({
    label: 'bench',
    scopes: ['all'],
    authority: { homePage: 'https://bench.example', name: 'bench' },
    authorityKey: actorKey,
  });
  const { token } = await app.modules.access.createToken({ label: 'bench', role: 'ADMIN' });
  const authority = { objectType: 'Agent', account: { homePage: 'https://bench.example', name: 'bench' } };
  return {
    app,
    url: owned.url,
    address,
    token,
    sender: { credentialId: id, authority: JSON.stringify(authority), authorityKey: actorKey(authority), mayVoidOthers: true, mayDefine: true },
    authorization: `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`,
    close: async () => {
      await app.close();
      await owned.stop();
    },
  };
}
