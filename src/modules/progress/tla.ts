import type { Database } from '../../db/database.ts';
import { AppError } from '../../kernel/errors.ts';
import { digestKey } from '../../kernel/ids.ts';
import { competenciesById } from '../competency/index.ts';
import { actorKey, type Sender, type Statements } from '../lrs/index.ts';
import { identitiesOfLearners } from '../people/index.ts';
import { type FeedEvent, followerPosition, moveFollower } from './feed.store.ts';
import type { Feed } from './feed.ts';

const FOLLOWER = 'tla statements';
const BATCH = 50;
const VERBS = 'https://w3id.org/xapi/tla/verbs/';
const COMPETENCY = 'https://w3id.org/xapi/tla/activity-types/competency';

const AUTHORITY = { objectType: 'Agent', account: { homePage: 'https://mumpuni.invalid/progress', name: 'progress' } };

/** Whose word the statements about levels are: rules pass over them, or a level could be evidence of itself. */
export const OWN_AUTHORITY_KEY = actorKey(AUTHORITY);

const SENDER: Sender = {
  credentialId: digestKey('credential', FOLLOWER),
  authority: JSON.stringify(AUTHORITY),
  authorityKey: OWN_AUTHORITY_KEY,
  mayVoidOthers: false,
  mayDefine: true,
};

/** What became of a level, in the words of ADL's Total Learning Architecture. */
function verbOf({ fromLevel, toLevel, cause }: FeedEvent): string {
  if (toLevel > fromLevel) return cause === 'ASSESSMENT' ? 'conferred' : 'achieved';
  return cause === 'EXPIRY' ? 'expired' : 'revoked';
}

/**
 * Tells changes of level as statements in our own LRS, so that whoever follows it hears of them. Each event makes the
 * same statement whenever it is told, so nothing is told twice.
 * @see ADL TLA: authoritative statements
 */
export class TlaStatements {
  readonly #database: Database;
  readonly #feed: Feed;
  readonly #caseUrl: string;

  /** @param caseUrl address of our CASE binding, under which competencies are named. */
  constructor(database: Database, feed: Feed, caseUrl: string) {
    this.#database = database;
    this.#feed = feed;
    this.#caseUrl = caseUrl;
  }

  /** Tells what happened since it last did. @returns how many statements it stored. */
  async pass(statements: Pick<Statements, 'store'>): Promise<number> {
    const { sql } = this.#database;
    let told = 0;
    for (;;) {
      const events = await this.#feed.page({ role: 'ADMIN' }, await followerPosition(sql, FOLLOWER), BATCH, null);
      if (events.length === 0) return told;
      const texts = await this.#statementsOf(events);
      for (const text of texts) await this.#store(statements, text);
      await moveFollower(sql, FOLLOWER, events.at(-1)?.position ?? 0);
      told += texts.length;
    }
  }

  /** One by one: what was told before in other words - the person is known by another identifier since - stays as it was told. */
  async #store(statements: Pick<Statements, 'store'>, text: object): Promise<void> {
    try {
      await statements.store({ bytes: Buffer.from(JSON.stringify(text)), version: '1.0.3', sender: SENDER });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'CONFLICT') throw error;
    }
  }

  async #statementsOf(events: readonly FeedEvent[]): Promise<readonly object[]> {
    const { sql } = this.#database;
    const identities = Map.groupBy(await identitiesOfLearners(sql, [...new Set(events.map((event) => event.learnerId))]), (row) => row.learnerId);
    const items = new Map((await competenciesById(sql, [...new Set(events.map((event) => event.itemId))])).map((item) => [item.id, item]));
    return events.flatMap((event): readonly object[] => {
      const [identity] = identities.get(event.learnerId) ?? [];
      const item = items.get(event.itemId);
      // Whom no statement can name, none can tell of.
      if (!identity || !item) return [];
      const { ifiKind, homePage, ifiValue } = identity;
      const verb = verbOf(event);
      return [
        {
          id: digestKey('tla', event.id),
          actor: { objectType: 'Agent', ...(ifiKind === 'account' ? { account: { homePage, name: ifiValue } } : { [ifiKind]: ifiValue }) },
          verb: { id: `${VERBS}${verb}`, display: { en: verb } },
          object: {
            id: `${this.#caseUrl}/CFItems/${item.id}`,
            definition: { type: COMPETENCY, name: { und: item.abbreviatedStatement ?? item.fullStatement } },
          },
          result: { score: { raw: event.toLevel, min: 0 }, success: event.toLevel > event.fromLevel },
          timestamp: event.createdAt.toISOString(),
        },
      ];
    });
  }
}
