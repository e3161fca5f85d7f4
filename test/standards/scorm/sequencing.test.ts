import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readXml } from '../../../src/kernel/xml.ts';
import { type ActivityDefinition, type NavigationRequest, readScormManifest, type ScormItem, Sequencer } from '../../../src/standards/scorm/index.ts';
import { item, sco, scormManifest } from '../../support/packages.ts';

const definitionOf = (node: ScormItem): ActivityDefinition => ({
  id: node.identifier,
  title: node.title,
  isLaunchable: node.href !== null,
  isVisible: node.isVisible,
  sequencing: node.sequencing,
  completion: node.completion,
  children: node.children.map(definitionOf),
});

const RESOURCE = sco('r', 'index.html');
const seq = (inner: string): string => `<imsss:sequencing>${inner}</imsss:sequencing>`;
const leaf = (id: string, sequencing = '', more = ''): string => item(id, 'r', more + (sequencing && seq(sequencing)));
const cluster = (id: string, inner: string, sequencing: string): string => item(id, null, inner + seq(sequencing));
const FLOW = '<imsss:controlMode choice="true" flow="true"/>';
const rule = (kind: string, condition: string, action: string, attributes = ''): string =>
  `<imsss:${kind}ConditionRule><imsss:ruleConditions><imsss:ruleCondition condition="${condition}" ${attributes}/></imsss:ruleConditions><imsss:ruleAction action="${action}"/></imsss:${kind}ConditionRule>`;
const rules = (...all: readonly string[]): string => `<imsss:sequencingRules>${all.join('')}</imsss:sequencingRules>`;
const primary = (attributes: string, inner = ''): string =>
  `<imsss:objectives><imsss:primaryObjective objectiveID="p" ${attributes}>${inner}</imsss:primaryObjective></imsss:objectives>`;

/** A course of these items, whose root flows and lets choose. */
function courseOf(items: string, root = FLOW, keepsGlobals = true): Sequencer {
  const manifest = readScormManifest(readXml(scormManifest('2004 4th Edition', items, RESOURCE, seq(root))), new Set(['index.html']));
  expect(manifest.issues.filter(({ severity }) => severity === 'ERROR')).toEqual([]);
  const [organization] = manifest.organizations;
  if (!organization) throw new Error('there is no organization');
  return new Sequencer(definitionOf(organization.root), { random: () => 0.5, keepsGlobals });
}

const go = (course: Sequencer, kind: string, target?: string): string | null => {
  const { delivered, hasEnded, exception } = course.navigate((target === undefined ? { kind } : { kind, target }) as NavigationRequest);
  return delivered ?? (hasEnded ? 'END' : exception);
};

test('SN 4.6: a course walks through its leaves and ends after the last', () => {
  const course = courseOf(leaf('a') + cluster('c', leaf('b1') + leaf('b2'), FLOW) + leaf('d'));

  expect([course.begin().delivered, ...['continue', 'continue', 'continue', 'continue'].map((kind) => go(course, kind))]).toEqual([
    'a',
    'b1',
    'b2',
    'd',
    'END',
  ]);
});

test('CAM 5.1.1: flow is false where the manifest says nothing, and the first part is chosen for the learner', () => {
  const course = courseOf(leaf('a') + leaf('b'), '');

  expect(course.begin().delivered).toBe('a');
  expect(go(course, 'continue')).toBe('NB.2.1-4');
  expect(go(course, 'choice', 'b')).toBe('b');
});

test('RB.1.1: a part without a measure counts with its weight', () => {
  const weight = (value: number): string => `<imsss:rollupRules objectiveMeasureWeight="${value}"/>`;
  const course = courseOf(leaf('a', weight(0.44)) + leaf('b', weight(0.56)));
  course.begin();
  course.report({ measure: 1 });
  go(course, 'continue');

  expect(course.statusOf('course').measure).toBeCloseTo(0.44, 10);
});

test('RB.1.4: "none" does not hold while something is not known', () => {
  const none =
    '<imsss:rollupRules><imsss:rollupRule childActivitySet="none"><imsss:rollupConditions><imsss:rollupCondition condition="completed"/></imsss:rollupConditions><imsss:rollupAction action="completed"/></imsss:rollupRule></imsss:rollupRules>';
  const course = courseOf(leaf('a') + leaf('b'), FLOW + none);
  course.begin();
  course.report({ completed: false, saysCompletion: true });
  go(course, 'continue');
  expect(course.statusOf('course').completed).toBeNull();
  course.report({ completed: false, saysCompletion: true });
  go(course, 'exitAll');

  expect(course.statusOf('course').completed).toBe(true);
});

test('SN 3.10, 4th edition: completion by measure holds for what is written through a map', () => {
  const write =
    '<adlseq:objectives><adlseq:objective objectiveID="p"><adlseq:mapInfo targetObjectiveID="g" writeCompletionStatus="true" writeProgressMeasure="true"/></adlseq:objective></adlseq:objectives>';
  const read = '<adlseq:objectives><adlseq:objective objectiveID="p"><adlseq:mapInfo targetObjectiveID="g"/></adlseq:objective></adlseq:objectives>';
  const threshold = '<adlcp:completionThreshold completedByMeasure="true" minProgressMeasure="0.4"/>';
  const course = courseOf(leaf('a', primary('') + write) + leaf('b', primary('') + read, threshold));
  course.begin();
  course.report({ progress: 0.5 });
  go(course, 'continue');

  expect([course.statusOf('b').progress, course.statusOf('b').completed]).toEqual([0.5, true]);
});

test('UP.1: a limit of attempts on a cluster does not bar its parts while it is under way', () => {
  const course = courseOf(cluster('c', leaf('a') + leaf('b'), `${FLOW}<imsss:limitConditions attemptLimit="1"/>`) + leaf('d'));

  expect([course.begin().delivered, go(course, 'continue'), go(course, 'continue'), go(course, 'previous')]).toEqual(['a', 'b', 'd', 'SB.2.2-2']);
});

test('a pre-test that is satisfied leaves out the lesson; one that is not does not', () => {
  const build = (): Sequencer =>
    courseOf(
      leaf('test', primary('', '<imsss:mapInfo targetObjectiveID="g" writeSatisfiedStatus="true"/>')) +
        leaf('lesson', rules(rule('pre', 'satisfied', 'skip')) + primary('', '<imsss:mapInfo targetObjectiveID="g"/>')) +
        leaf('end'),
    );
  const [known, unknown] = [build(), build()];
  for (const course of [known, unknown]) course.begin();
  known.report({ satisfied: true, saysSuccess: true });
  unknown.report({ satisfied: false, saysSuccess: true });

  expect([go(known, 'continue'), go(unknown, 'continue')]).toEqual(['end', 'lesson']);
});

test('RB.1.2: what a part reads from a global objective counts in each attempt of its parent, though it is skipped in that one', () => {
  const map = (global: string): string =>
    `<imsss:minNormalizedMeasure>0.6</imsss:minNormalizedMeasure><imsss:mapInfo targetObjectiveID="${global}" readSatisfiedStatus="true" readNormalizedMeasure="true" writeSatisfiedStatus="true" writeNormalizedMeasure="true"/>`;
  const quiz = (id: string, ...more: readonly string[]): string =>
    leaf(id, rules(rule('pre', 'satisfied', 'skip'), ...more) + primary('satisfiedByMeasure="true"', map(`global ${id}`)));
  const again = rules(rule('post', 'satisfied', 'retry', 'operator="not"'));
  const course = courseOf(cluster('tests', quiz('one') + quiz('two', rule('post', 'always', 'exitParent')), FLOW + again) + leaf('end'));
  course.begin();
  course.report({ measure: 1 });
  expect(go(course, 'continue')).toBe('two');
  course.report({ measure: 0 });
  // The first is passed and left out this time.
  expect(go(course, 'continue')).toBe('two');
  course.report({ measure: 1 });

  expect([go(course, 'continue'), course.statusOf('tests').satisfied, course.statusOf('tests').measure]).toEqual(['end', true, 1]);
});

test.each([
  ['readSatisfiedStatus="false" readNormalizedMeasure="true"', true],
  ['readSatisfiedStatus="true" readNormalizedMeasure="false"', null],
])('RB.1.2: a part that is satisfied by its measure keeps what it read of it when its parent is done again, with %s', (reads, satisfied) => {
  const map = `<imsss:minNormalizedMeasure>0.6</imsss:minNormalizedMeasure><imsss:mapInfo targetObjectiveID="g" ${reads} writeSatisfiedStatus="true" writeNormalizedMeasure="true"/>`;
  const tests = leaf('quiz', primary('satisfiedByMeasure="true"', map)) + leaf('other', '<imsss:deliveryControls tracked="false"/>');
  const course = courseOf(cluster('tests', tests, FLOW) + leaf('end'));
  course.begin();
  course.report({ measure: 1 });
  expect([go(course, 'choice', 'end'), course.statusOf('tests').satisfied]).toEqual(['end', true]);

  expect([go(course, 'choice', 'other'), go(course, 'continue'), course.statusOf('tests').satisfied]).toEqual(['other', 'end', satisfied]);
});

test('TB.2.2: rules after a part repeat it, leave its parent, or end all', () => {
  const retry = courseOf(leaf('a', rules(rule('post', 'satisfied', 'retry', 'operator="not"'))) + leaf('b'));
  retry.begin();
  retry.report({ satisfied: false, saysSuccess: true });
  expect(go(retry, 'continue')).toBe('a');
  retry.report({ satisfied: true, saysSuccess: true });
  expect(go(retry, 'continue')).toBe('b');

  const leaving = courseOf(cluster('c', leaf('a', rules(rule('post', 'always', 'exitParent'))) + leaf('b'), FLOW) + leaf('d'));
  leaving.begin();
  expect(go(leaving, 'continue')).toBe('d');

  const ending = courseOf(leaf('a', rules(rule('post', 'always', 'exitAll'))) + leaf('b'));
  ending.begin();
  expect(go(ending, 'continue')).toBe('END');
});

test('SB.2.4, NB.2.1: forward only, choice off, stop of forward travel and choiceExit bar the way, and choices say so beforehand', () => {
  const forward = courseOf(leaf('a') + leaf('b'), '<imsss:controlMode flow="true" forwardOnly="true"/>');
  forward.begin();
  go(forward, 'continue');
  expect([go(forward, 'previous'), forward.isValid({ kind: 'previous' })]).toEqual(['NB.2.1-5', false]);

  const closed = courseOf(leaf('a') + leaf('b'), '<imsss:controlMode choice="false" flow="true"/>');
  closed.begin();
  expect([go(closed, 'choice', 'b'), [...closed.choices()]]).toEqual(['NB.2.1-10', ['course']]);

  const stopping = courseOf(leaf('a', rules(rule('pre', 'completed', 'stopForwardTraversal', 'operator="not"'))) + leaf('b') + leaf('c'));
  stopping.begin();
  stopping.report({ completed: false, saysCompletion: true });
  expect([...stopping.choices()]).toEqual(['course', 'a']);

  const held = courseOf(leaf('a', '<imsss:controlMode choiceExit="false"/>') + leaf('b'));
  held.begin();
  expect([go(held, 'choice', 'b'), [...held.choices()]]).toEqual(['NB.2.1-8', ['a']]);
});

test('SB.2.6: what is suspended is resumed where it was left, in the same attempt; what is ended is not', () => {
  const course = courseOf(leaf('a') + leaf('b'));
  course.begin();
  go(course, 'continue');
  course.suspendCurrent(true);
  expect(go(course, 'suspendAll')).toBe('END');
  expect([course.suspended, course.begin().delivered, course.statusOf('b').attempts]).toEqual(['b', 'b', 1]);
  expect(go(course, 'exitAll')).toBe('END');

  expect([course.suspended, course.begin().delivered, course.statusOf('course').attempts]).toEqual([null, 'a', 2]);
});

test('objectivesGlobalToSystem: global objectives outlive an attempt on the course, or do not', () => {
  const items = leaf('a', primary('', '<imsss:mapInfo targetObjectiveID="g" writeSatisfiedStatus="true"/>'));
  for (const keeps of [true, false]) {
    const course = courseOf(items, FLOW, keeps);
    course.begin();
    course.report({ satisfied: true, saysSuccess: true });
    go(course, 'exitAll');
    course.begin();
    expect([keeps, course.globals()['g']?.satisfied ?? null]).toEqual([keeps, keeps ? true : null]);
  }
});

test('selection takes some of the parts, in their order; reordering shuffles them', () => {
  const parts = ['a', 'b', 'c', 'd'].map((id) => leaf(id)).join('');
  const course = courseOf(parts, `${FLOW}<imsss:randomizationControls selectionTiming="once" selectCount="2" randomizationTiming="never"/>`);
  const seen = [course.begin().delivered, go(course, 'continue'), go(course, 'continue')];

  expect(seen[2]).toBe('END');
  expect(['ab', 'ac', 'ad', 'bc', 'bd', 'cd']).toContain(seen.slice(0, 2).join(''));
});

const REQUESTS: readonly NavigationRequest[] = [
  ...(['continue', 'previous', 'exit', 'exitAll', 'suspendAll', 'abandon', 'abandonAll'] as const).map((kind) => ({ kind })),
  ...['a', 'b', 'c', 'c1', 'c2', 'nowhere'].flatMap((target) => [
    { kind: 'choice' as const, target },
    { kind: 'jump' as const, target },
  ]),
];

test('whatever is asked in whatever order: a copy made of the saved state does the same, what is said to be valid is, and nothing is delivered but leaves', () => {
  const build = (): Sequencer =>
    courseOf(
      leaf('a', rules(rule('post', 'satisfied', 'retry', 'operator="not"'))) +
        cluster('c', leaf('c1', rules(rule('pre', 'completed', 'skip'))) + leaf('c2'), `${FLOW}<imsss:limitConditions attemptLimit="3"/>`) +
        leaf('b'),
    );
  const step = fc.record({
    request: fc.constantFrom(...REQUESTS),
    satisfied: fc.constantFrom(true, false, null),
    completed: fc.constantFrom(true, false, null),
    isSuspended: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const course = build();
      course.begin();
      for (const { request, satisfied, completed, isSuspended } of steps) {
        if (course.current === null) course.begin();
        if (course.isRunning) {
          course.report({ satisfied, completed, saysCompletion: completed !== null, saysSuccess: satisfied !== null });
          course.suspendCurrent(isSuspended);
        }
        const before = JSON.stringify(course.state());
        const isValid = course.isValid(request);
        expect(JSON.stringify(course.state())).toBe(before);
        const outcome = course.navigate(request);
        expect(outcome.exception === null).toBe(isValid);
        expect(outcome.delivered === null || ['a', 'b', 'c1', 'c2'].includes(outcome.delivered)).toBe(true);
        expect(JSON.parse(JSON.stringify(course.state()))).toEqual(course.state());
      }
    }),
    { numRuns: 300 },
  );
});

test('SN 4.2.1.5: a rule about completion that names an objective asks that objective, where it knows of completion', () => {
  const map = (objective: string, kind: string) =>
    `<adlseq:objectives><adlseq:objective objectiveID="${objective}"><adlseq:mapInfo targetObjectiveID="g" ${kind}CompletionStatus="true"/></adlseq:objective></adlseq:objectives>`;
  const writes = `${primary('')}${map('p', 'write')}`;
  const reads = `<imsss:objectives><imsss:primaryObjective objectiveID="p"/><imsss:objective objectiveID="o"><imsss:mapInfo targetObjectiveID="g" readSatisfiedStatus="false"/></imsss:objective></imsss:objectives>${map('o', 'read')}`;
  const asks = (condition: string, action: string, operator: string) =>
    rules(rule('pre', condition, action, `referencedObjective="o" operator="${operator}"`)) + reads;
  const course = courseOf(
    leaf('a', writes) + leaf('waits', asks('completed', 'disabled', 'not')) + leaf('known', asks('activityProgressKnown', 'skip', 'noOp')) + leaf('end'),
  );
  course.begin();

  course.report({ saysCompletion: true, completed: false });
  const before = course.choices().has('waits');
  course.report({ saysCompletion: true, completed: true });

  expect([before, course.choices().has('waits'), go(course, 'continue'), go(course, 'continue')]).toEqual([false, true, 'waits', 'end']);
});

test('SN 3.10: an attempt that begins at a chosen part is a new one: what lives for one attempt is not known in it', () => {
  const written = `<imsss:objectives><imsss:primaryObjective objectiveID="p"><imsss:mapInfo targetObjectiveID="g" writeSatisfiedStatus="true"/></imsss:primaryObjective></imsss:objectives>`;
  const course = courseOf(leaf('a', written) + leaf('b'), FLOW, false);
  course.begin();
  course.report({ satisfied: true });
  go(course, 'exitAll');
  const before = Object.keys(course.globals());

  expect([before, go(course, 'choice', 'b'), Object.keys(course.globals())]).toEqual([['g'], 'b', []]);
});
