import type { JsonObject } from '../../kernel/json.ts';

/** Data that several content objects share (4th edition, `adl.data`): what one of them may do with it. */
export interface SharedStore {
  readonly id: string;
  /** Null until something was stored. */
  store: string | null;
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
}

/** One line of the table of contents. */
export interface TocEntry {
  readonly id: string;
  readonly title: string;
  /** From 0. */
  readonly depth: number;
  readonly isCurrent: boolean;
  readonly isLaunchable: boolean;
  readonly canChoose: boolean;
  readonly status: 'passed' | 'failed' | 'completed' | 'incomplete' | 'not attempted';
}

/** The time that is left to a run, and what is done when it is over. */
export interface TimeLeft {
  /** Of the moment in which it is told; 0 where none is left. */
  readonly seconds: number;
  /** Whether the run ends then. */
  readonly exits: boolean;
  /** Whether the learner is told then. */
  readonly tells: boolean;
}

/** What is shown now, and what its run begins with. */
export interface CurrentRun {
  readonly id: string;
  readonly title: string;
  /** Below the address of the package's files, or absolute. */
  readonly href: string;
  readonly isSco: boolean;
  readonly run: number;
  /** The tree below `cmi`. */
  readonly cmi: JsonObject;
  /** Buttons of ours that the content brings itself. */
  readonly hides: readonly string[];
  /** Stores it shares with others, in the manifest's order. */
  readonly shared: readonly SharedStore[];
  /** Identifier of the primary objective, where it has one. */
  readonly primaryObjective: string | null;
  /** Null where nobody acts on its time. */
  readonly timeLeft: TimeLeft | null;
}

/** What content may save. */
export interface RunLimits {
  /** Characters of suspend data. */
  readonly suspendData: number;
  /** Whether places and scores keep to the limits of the standard. */
  readonly isStrict: boolean;
}

/** Where a learner is in a course: everything a player shows. */
export interface PlayerView {
  readonly sessionId: string;
  readonly registration: string;
  /** What the page seals by what it keeps on the device: 32 bytes in hexadecimal, the same for all launches of the registration. */
  readonly journalKey: string;
  readonly title: string;
  readonly edition: '1.2' | '2004';
  readonly isPreview: boolean;
  readonly returnUrl: string | null;
  /** Whether a run waits to be gone on with. */
  readonly canResume: boolean;
  /** What opening the course does first: a request, or a question whether to go on, or to begin another attempt. */
  readonly opening: 'begin' | 'restart' | 'ask' | 'askAgain';
  /** Whether there is an attempt to be gone on with or begun; and whether another may be begun after it. */
  readonly canBegin: boolean;
  readonly canRestart: boolean;
  readonly hasEnded: boolean;
  /** The last request led to nothing. */
  readonly isRefused: boolean;
  readonly current: CurrentRun | null;
  readonly limits: RunLimits;
  readonly toc: readonly TocEntry[];
  readonly canContinue: boolean;
  readonly canGoBack: boolean;
  /** The publisher's identifiers of items that can be chosen now. */
  readonly choices: readonly string[];
  /** How many parts can be launched. */
  readonly parts: number;
  /** 0 to 1. */
  readonly progress: number;
  /** Number of the last commit of this session; 0 before the first. */
  readonly lastSeq: number;
}

/** What a content object spoke of at all; see `Said` of the run-time. */
export interface SaidFlags {
  readonly completion: boolean;
  readonly objectiveCompletion: boolean;
  readonly success: boolean;
  readonly objectiveSuccess: boolean;
}

/** What a content object saved. */
export interface Commit {
  /** The session that made it: an earlier one, when it is sent late. */
  readonly sessionId: string;
  /** Grows by each commit of a session. */
  readonly seq: number;
  readonly nodeId: string;
  readonly run: number;
  readonly cmi: JsonObject;
  readonly said: SaidFlags;
  /** What it stored for others, by the store's id. */
  readonly shared: Readonly<Record<string, string>>;
  /** Whether the object has ended its run. */
  readonly isFinished: boolean;
  /** What it asked for as it ended: `continue`, `{target=…}choice`, … */
  readonly request: string;
  /** What the learner has asked for, where that ended the run: the player asks for it next. Empty where content ends by itself. */
  readonly leaves: string;
}

export interface CommitAnswer {
  /** False where a later commit of the same session is here already, or the run is over. */
  readonly isTaken: boolean;
  /** The new state, where the run has ended or something came of what it said. */
  readonly view: PlayerView | null;
}
