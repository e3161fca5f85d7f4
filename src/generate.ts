import { mkdir, writeFile } from 'node:fs/promises';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { configurationPage } from './config/configuration-page.ts';
import { graphqlSchema } from './graphql/schema.ts';

/** Writes the files that are made from the code: the SDL and the configuration page. */
await mkdir('docs', { recursive: true });
await writeFile('schema/schema.graphql', `${printSchema(lexicographicSortSchema(graphqlSchema()))}\n`);
await writeFile('docs/configuration.md', configurationPage());
