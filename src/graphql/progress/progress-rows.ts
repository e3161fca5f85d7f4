import type { Loaders } from '../loaders.ts';

/** What a CompetencyProgress is resolved from. */
export interface ProgressRoot {
  readonly learnerId: string;
  readonly itemId: string;
  readonly asOf: Date | null;
  /** The instant that is: of the request, when none was named. */
  readonly at: Date;
  readonly current: number;
  readonly computed: number;
  readonly direct: number;
  readonly target: number | null;
  readonly gap: number | null;
  readonly source: 'DIRECT' | 'ROLLUP' | 'EQUIVALENT' | 'OVERRIDE' | 'NONE';
  /** 0 to 1. */
  readonly confidence: number;
  readonly supporting: readonly string[];
  readonly nextChangeAt: Date | null;
}

/** Codes as people count them: K.2 before K.10. Made once, since making one takes longer than a page of comparisons. */
const byCode = new Intl.Collator('id', { numeric: true });

/** One row per competency in which a learner has a level or a demand, by code. Costs the same for one learner and for many. */
export async function progressRows(loaders: Loaders, learnerId: string, asOf: Date | null): Promise<readonly ProgressRoot[]> {
  const [levels, targets] = await Promise.all([loaders.progressByLearner.load({ learnerId, asOf }), loaders.targetsByLearner.load({ learnerId, asOf })]);
  const targetOf = new Map(targets.map((row) => [row.itemId, row]));
  const levelOf = new Map(levels.filter((row) => row.currentLevel > 0 || row.computedLevel > 0).map((row) => [row.itemId, row]));
  const rows = [...new Set([...levelOf.keys(), ...targetOf.keys()])].map((itemId): ProgressRoot => {
    const level = levelOf.get(itemId);
    const demand = targetOf.get(itemId);
    const target = demand?.targetLevel ?? null;
    const current = level?.currentLevel ?? 0;
    return {
      learnerId,
      itemId,
      asOf,
      at: asOf ?? loaders.now,
      current,
      computed: level?.computedLevel ?? 0,
      direct: level?.directLevel ?? 0,
      target,
      // Of what the version that counts now has not, nobody can say.
      gap: demand?.isKnown ? Math.max(0, demand.targetLevel - current) : null,
      source: level?.source ?? 'NONE',
      confidence: (level?.confidence ?? 0) / 100,
      supporting: level?.supporting ?? [],
      nextChangeAt: level?.nextChangeAt ?? null,
    };
  });
  const items = await loaders.competencyById.loadMany(rows.map((row) => row.itemId));
  const codes = new Map(rows.map((row, index) => [row.itemId, codeOf(items[index])]));
  return rows.sort((a, b) => byCode.compare(codes.get(a.itemId) ?? '', codes.get(b.itemId) ?? '') || (a.itemId < b.itemId ? -1 : 1));
}

/** What a competency is called in a sentence. */
export function codeOf(item: { readonly code: string | null; readonly fullStatement: string } | Error | null | undefined): string {
  if (item == null || item instanceof Error) return '';
  return item.code ?? item.fullStatement;
}

const ROLLUP_WORDS: Readonly<Record<string, string>> = {
  ALL_OF: 'the lowest of its parts counts',
  ANY_OF: 'the highest of its parts counts',
  N_OF: 'enough of its parts are at that level',
  WEIGHTED: 'its parts come to it by their weights',
};

/** How a roll-up made a level, in the middle of a sentence. */
export const rollupWords = (kind: string): string => ROLLUP_WORDS[kind] ?? kind;
