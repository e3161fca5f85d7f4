import { randomBytes } from 'node:crypto';
import pg from 'pg';

const adminUrl = (): string => {
  const url = process.env['TEST_DATABASE_URL'];
  if (!url) throw new Error('the test server is not running: run the tests with npm test');
  return url;
};

async function administer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl() });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** A database of its own for one test file. @param template what to clone; `template0` gives an empty one. */
export async function createTestDatabase(template = 'template_migrated'): Promise<TestDatabase> {
  const name = `t_${process.pid}_${randomBytes(4).toString('hex')}`;
  await administer(`create database ${name} template ${template} strategy file_copy`);
  return { url: adminUrl().replace(/\/postgres$/, `/${name}`), drop: () => administer(`drop database ${name} with (force)`) };
}
