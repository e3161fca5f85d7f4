import { ACTIVITY, guarantee, statementWith } from './table.ts';

const UUID = '6690e6c9-3ef0-4ed3-8b37-7f3964730bee';
const AGENT = { mbox: 'mailto:ani@example.org' };
const GROUP = { objectType: 'Group', member: [AGENT] };
const REF = { objectType: 'StatementRef', id: UUID };
const context = (value: unknown) => statementWith({ context: value });
const result = (value: unknown) => statementWith({ result: value });

guarantee('Data 2.4.6: a context', context, [
  ['may be empty', {}],
  [
    'may hold everything',
    {
      registration: UUID,
      instructor: AGENT,
      team: GROUP,
      contextActivities: { parent: [ACTIVITY] },
      revision: '2',
      platform: 'LMS',
      language: 'id',
      statement: REF,
      extensions: { 'https://content.example/ext/room': null },
    },
  ],
  ['is an object', 'id', ['/context', 'Data 2.4.6 type']],
  ['is not a list', [], ['/context', 'Data 2.4.6 type']],
  ['has a UUID as registration', { registration: 'batch-1' }, ['/context/registration', 'Data 4.4 uuid']],
  ['has a string as registration', { registration: 1 }, ['/context/registration', 'Data 4.4 uuid']],
  ['may have a Group as instructor', { instructor: GROUP }],
  ['has an identified instructor', { instructor: { name: 'Ani' } }, ['/context/instructor', 'Data 2.4.2.3 one-ifi']],
  ['has no string as instructor', { instructor: 'Ani' }, ['/context/instructor', 'Data 2.4.2.1 type']],
  ['may have an identified Group as team', { team: { ...AGENT, objectType: 'Group' } }],
  ['has no Agent as team', { team: { ...AGENT, objectType: 'Agent' } }, ['/context/team/objectType', 'Data 2.4.2 object-type']],
  ['has a team that says it is a Group', { team: AGENT }, ['/context/team/objectType', 'Data 2.4.2.2 required']],
  ['has no string as team', { team: 'Kelas A' }, ['/context/team', 'Data 2.4.2.2 type']],
  ['has a string as revision', { revision: 2 }, ['/context/revision', 'Data 2.2 type']],
  ['has a string as platform', { platform: {} }, ['/context/platform', 'Data 2.2 type']],
  ['may have empty strings as revision and platform', { revision: '', platform: '' }],
  ['has a language tag as language', { language: 'bahasa_indonesia' }, ['/context/language', 'Data 2.4.6 rfc5646']],
  ['has a string as language', { language: { en: 'x' } }, ['/context/language', 'Data 2.4.6 rfc5646']],
  [
    'refers to a statement by StatementRef',
    { statement: { id: UUID } },
    ['/context/statement/objectType', 'Data 2.4.4.3 required'],
    ['/context/statement/objectType', 'Data 2.4.4.3 object-type'],
  ],
  ['refers to nothing else', { statement: { ...REF, objectType: 'Activity' } }, ['/context/statement/objectType', 'Data 2.4.4.3 object-type']],
  ['refers to a statement by UUID', { statement: { ...REF, id: 'x' } }, ['/context/statement/id', 'Data 4.4 uuid']],
  ['refers by an object', { statement: UUID }, ['/context/statement', 'Data 2.4.4.3 type']],
  ['has extensions in an object', { extensions: 'x' }, ['/context/extensions', 'Data 4.1 extensions']],
  ['has no null', { registration: null }, ['/context/registration', 'Data 2.2 no-null']],
  ['has no unknown property', { course: 'x' }, ['/context/course', 'Data 2.2 no-unknown-property']],
  ['compares names by case', { Registration: UUID }, ['/context/Registration', 'Data 2.2 no-unknown-property']],
]);

const BOTH = { context: { revision: '2', platform: 'LMS' } };
const NOT_ALLOWED = [
  ['/context/revision', 'Data 2.4.6 activity-only'],
  ['/context/platform', 'Data 2.4.6 activity-only'],
] as const;
guarantee('Data 2.4.6 activity-only: revision and platform stand beside an Activity only', (object: object) => statementWith({ object, ...BOTH }), [
  ['an Activity that says so', { objectType: 'Activity', ...ACTIVITY }],
  ['an Activity by default', ACTIVITY],
  ['not an Agent', { objectType: 'Agent', ...AGENT }, ...NOT_ALLOWED],
  ['not a Group', GROUP, ...NOT_ALLOWED],
  ['not a StatementRef', REF, ...NOT_ALLOWED],
  ['not a SubStatement', { objectType: 'SubStatement', ...statementWith({}) }, ...NOT_ALLOWED],
  ['a SubStatement about an Activity may have its own', { objectType: 'SubStatement', ...statementWith(BOTH) }, ...NOT_ALLOWED],
]);

const KINDS = ['parent', 'grouping', 'category', 'other'] as const;
guarantee('Data 2.4.6.2: contextActivities', (value: unknown) => context({ contextActivities: value }), [
  ['may be empty', {}],
  ...KINDS.map((kind) => [`may hold a list as ${kind}`, { [kind]: [ACTIVITY, { ...ACTIVITY, objectType: 'Activity' }] }] as const),
  ...KINDS.map((kind) => [`may hold one activity as ${kind}`, { [kind]: ACTIVITY }] as const),
  ...KINDS.map((kind) => [`may hold an empty list as ${kind}`, { [kind]: [] }] as const),
  ['is an object', [ACTIVITY], ['/context/contextActivities', 'Data 2.4.6.2 type']],
  ['has four keys only', { previous: [ACTIVITY] }, ['/context/contextActivities/previous', 'Data 2.2 no-unknown-property']],
  ['compares keys by case', { Parent: [ACTIVITY] }, ['/context/contextActivities/Parent', 'Data 2.2 no-unknown-property']],
  ['has no null', { parent: null }, ['/context/contextActivities/parent', 'Data 2.2 no-null']],
  ['has no strings', { parent: ACTIVITY.id }, ['/context/contextActivities/parent', 'Data 2.4.4.1 type']],
  ['has no strings in a list', { other: [ACTIVITY, ACTIVITY.id] }, ['/context/contextActivities/other/1', 'Data 2.4.4.1 type']],
  ['has no null in a list', { other: [null] }, ['/context/contextActivities/other/0', 'Data 2.4.4.1 type']],
  ['has activities with ids', { category: {} }, ['/context/contextActivities/category/id', 'Data 2.4.4.1 required']],
  ['has activities with IRIs', { category: [{ id: 'cmi5' }] }, ['/context/contextActivities/category/0/id', 'Data 4.3 iri']],
  [
    'has no StatementRefs',
    { grouping: [{ ...ACTIVITY, objectType: 'StatementRef' }] },
    ['/context/contextActivities/grouping/0/objectType', 'Data 2.4.4.1 object-type'],
  ],
  [
    'has activities with valid definitions',
    { parent: [{ ...ACTIVITY, definition: { type: 'x' } }] },
    ['/context/contextActivities/parent/0/definition/type', 'Data 4.3 iri'],
  ],
]);

const MEMBER_AGENT = { objectType: 'contextAgent', agent: AGENT };
const MEMBER_GROUP = { objectType: 'contextGroup', group: GROUP };

guarantee(
  'Data 2.2 no-unknown-property: 1.0 knows no contextAgents and contextGroups',
  context,
  [
    ['contextAgents', { contextAgents: [MEMBER_AGENT] }, ['/context/contextAgents', 'Data 2.2 no-unknown-property']],
    ['contextGroups', { contextGroups: [MEMBER_GROUP] }, ['/context/contextGroups', 'Data 2.2 no-unknown-property']],
    [
      'not even empty',
      { contextAgents: [], contextGroups: [] },
      ['/context/contextAgents', 'Data 2.2 no-unknown-property'],
      ['/context/contextGroups', 'Data 2.2 no-unknown-property'],
    ],
  ],
  ['1.0.3'],
);
guarantee(
  'Data 2.2 no-unknown-property: 1.0 knows no contextAgents in SubStatements',
  (value: object) => statementWith({ object: { objectType: 'SubStatement', ...statementWith({ context: value }) } }),
  [['contextAgents', { contextAgents: [MEMBER_AGENT] }, ['/object/context/contextAgents', 'Data 2.2 no-unknown-property']]],
  ['1.0.3'],
);

guarantee(
  'IEEE 9274.1.1, context: 2.0 has contextAgents',
  (value: unknown) => context({ contextAgents: value }),
  [
    ['one', [MEMBER_AGENT]],
    ['none', []],
    ['several, with relevantTypes', [MEMBER_AGENT, { ...MEMBER_AGENT, relevantTypes: ['https://example.org/role/mentor', 'urn:role:assessor'] }]],
    ['not an object', MEMBER_AGENT, ['/context/contextAgents', 'Data 2.4.6 type']],
    ['not a string', 'x', ['/context/contextAgents', 'Data 2.4.6 type']],
    ['not null', null, ['/context/contextAgents', 'Data 2.2 no-null']],
    [
      'not an Agent itself',
      [AGENT],
      ['/context/contextAgents/0/objectType', 'Data 2.4.6 required'],
      ['/context/contextAgents/0/agent', 'Data 2.4.6 required'],
      ['/context/contextAgents/0/mbox', 'Data 2.2 no-unknown-property'],
    ],
    ['each is an object', [MEMBER_AGENT, 'x'], ['/context/contextAgents/1', 'Data 2.4.6 type']],
    ['objectType is needed', [{ agent: AGENT }], ['/context/contextAgents/0/objectType', 'Data 2.4.6 required']],
    ['objectType is contextAgent', [{ ...MEMBER_AGENT, objectType: 'Agent' }], ['/context/contextAgents/0/objectType', 'Data 2.4.6 object-type']],
    ['objectType is not contextGroup', [{ ...MEMBER_AGENT, objectType: 'contextGroup' }], ['/context/contextAgents/0/objectType', 'Data 2.4.6 object-type']],
    ['objectType is compared by case', [{ ...MEMBER_AGENT, objectType: 'ContextAgent' }], ['/context/contextAgents/0/objectType', 'Data 2.4.6 object-type']],
    ['the agent is needed', [{ objectType: 'contextAgent' }], ['/context/contextAgents/0/agent', 'Data 2.4.6 required']],
    ['the agent is valid', [{ ...MEMBER_AGENT, agent: {} }], ['/context/contextAgents/0/agent', 'Data 2.4.2.3 one-ifi']],
    [
      'the agent is no Group',
      [{ ...MEMBER_AGENT, agent: { ...AGENT, objectType: 'Group' } }],
      ['/context/contextAgents/0/agent/objectType', 'Data 2.4.2 object-type'],
    ],
    ['relevantTypes is a list', [{ ...MEMBER_AGENT, relevantTypes: 'urn:role:mentor' }], ['/context/contextAgents/0/relevantTypes', 'Data 4.3 type']],
    ['relevantTypes is not empty', [{ ...MEMBER_AGENT, relevantTypes: [] }], ['/context/contextAgents/0/relevantTypes', 'Data 4.3 not-empty']],
    [
      'relevantTypes holds IRIs',
      [{ ...MEMBER_AGENT, relevantTypes: ['urn:role:mentor', 'mentor'] }],
      ['/context/contextAgents/0/relevantTypes/1', 'Data 4.3 iri'],
    ],
    ['relevantTypes holds strings', [{ ...MEMBER_AGENT, relevantTypes: [1] }], ['/context/contextAgents/0/relevantTypes/0', 'Data 4.3 iri']],
    ['no group beside the agent', [{ ...MEMBER_AGENT, group: GROUP }], ['/context/contextAgents/0/group', 'Data 2.2 no-unknown-property']],
  ],
  ['2.0.0'],
);

guarantee(
  'IEEE 9274.1.1, context: 2.0 has contextGroups',
  (value: unknown) => context({ contextGroups: value }),
  [
    ['anonymous', [MEMBER_GROUP]],
    ['identified, with relevantTypes', [{ ...MEMBER_GROUP, group: { ...AGENT, objectType: 'Group' }, relevantTypes: ['urn:role:class'] }]],
    ['not an object', MEMBER_GROUP, ['/context/contextGroups', 'Data 2.4.6 type']],
    ['not null', null, ['/context/contextGroups', 'Data 2.2 no-null']],
    ['objectType is needed', [{ group: GROUP }], ['/context/contextGroups/0/objectType', 'Data 2.4.6 required']],
    ['objectType is contextGroup', [{ ...MEMBER_GROUP, objectType: 'Group' }], ['/context/contextGroups/0/objectType', 'Data 2.4.6 object-type']],
    ['the group is needed', [{ objectType: 'contextGroup' }], ['/context/contextGroups/0/group', 'Data 2.4.6 required']],
    ['the group is no Agent', [{ ...MEMBER_GROUP, group: AGENT }], ['/context/contextGroups/0/group/objectType', 'Data 2.4.2.2 required']],
    ['the group is valid', [{ ...MEMBER_GROUP, group: { objectType: 'Group' } }], ['/context/contextGroups/0/group', 'Data 2.4.2.2 anonymous-members']],
    ['relevantTypes is not empty', [{ ...MEMBER_GROUP, relevantTypes: [] }], ['/context/contextGroups/0/relevantTypes', 'Data 4.3 not-empty']],
    ['no agent beside the group', [{ ...MEMBER_GROUP, agent: AGENT }], ['/context/contextGroups/0/agent', 'Data 2.2 no-unknown-property']],
  ],
  ['2.0.0'],
);
guarantee(
  'IEEE 9274.1.1, context: in SubStatements too, 2.0',
  (value: object) => statementWith({ object: { objectType: 'SubStatement', ...statementWith({ context: value }) } }),
  [
    ['takes contextAgents and contextGroups', { contextAgents: [MEMBER_AGENT], contextGroups: [MEMBER_GROUP] }],
    ['checks contextAgents', { contextAgents: {} }, ['/object/context/contextAgents', 'Data 2.4.6 type']],
    [
      'checks contextGroups',
      { contextGroups: [{}] },
      ['/object/context/contextGroups/0/objectType', 'Data 2.4.6 required'],
      ['/object/context/contextGroups/0/group', 'Data 2.4.6 required'],
    ],
  ],
  ['2.0.0'],
);

guarantee('Data 2.4.5: a result', result, [
  ['may be empty', {}],
  [
    'may hold everything',
    {
      score: { scaled: 0.8, raw: 80, min: 0, max: 100 },
      success: true,
      completion: false,
      response: 'a[,]b',
      duration: 'PT1H30M',
      extensions: { 'https://content.example/ext/tries': 2 },
    },
  ],
  ['is an object', true, ['/result', 'Data 2.4.5 type']],
  ['is not a list', [], ['/result', 'Data 2.4.5 type']],
  ['has a boolean as success', { success: 'true' }, ['/result/success', 'Data 2.2 type']],
  ['has no number as success', { success: 1 }, ['/result/success', 'Data 2.2 type']],
  ['has a boolean as completion', { completion: 'yes' }, ['/result/completion', 'Data 2.2 type']],
  ['has no null as completion', { completion: null }, ['/result/completion', 'Data 2.2 no-null']],
  ['has a string as response', { response: 4 }, ['/result/response', 'Data 2.2 type']],
  ['may have an empty response', { response: '' }],
  ['may have any text as response', { response: 'a\u0000\ud800"\\' }],
  ['has a duration as duration', { duration: '90 minutes' }, ['/result/duration', 'Data 4.6 iso8601-duration']],
  ['has a string as duration', { duration: 90 }, ['/result/duration', 'Data 4.6 iso8601-duration']],
  ['has extensions in an object', { extensions: null }, ['/result/extensions', 'Data 2.2 no-null']],
  ['has IRIs as keys of its extensions', { extensions: { tries: 2 } }, ['/result/extensions/tries', 'Data 4.1 extension-iri']],
  ['has no unknown property', { progress: 100 }, ['/result/progress', 'Data 2.2 no-unknown-property']],
  ['compares names by case', { Success: true }, ['/result/Success', 'Data 2.2 no-unknown-property']],
]);

guarantee('Data 2.4.5.1: a score', (score: unknown) => result({ score }), [
  ['may be empty', {}],
  ['is an object', 0.8, ['/result/score', 'Data 2.4.5.1 type']],
  ['is not a list', [0.8], ['/result/score', 'Data 2.4.5.1 type']],
  ['may be scaled to 1', { scaled: 1 }],
  ['may be scaled to -1', { scaled: -1 }],
  ['may be scaled to 0', { scaled: 0 }],
  ['is scaled to at most 1', { scaled: 1.0001 }, ['/result/score/scaled', 'Data 2.4.5.1 scaled-range']],
  ['is scaled to at least -1', { scaled: -1.0001 }, ['/result/score/scaled', 'Data 2.4.5.1 scaled-range']],
  ['has a number as scaled', { scaled: '0.8' }, ['/result/score/scaled', 'Data 2.2 type']],
  ['has a number as raw', { raw: '80' }, ['/result/score/raw', 'Data 2.2 type']],
  ['has a number as min', { min: false }, ['/result/score/min', 'Data 2.2 type']],
  ['has a number as max', { max: [] }, ['/result/score/max', 'Data 2.2 type']],
  ['has no null', { raw: null }, ['/result/score/raw', 'Data 2.2 no-null']],
  ['may have any raw without bounds', { raw: -1e9 }],
  ['may reach its min', { raw: 0, min: 0, max: 100 }],
  ['may reach its max', { raw: 100, min: 0, max: 100 }],
  ['is not below its min', { raw: -0.5, min: 0 }, ['/result/score/raw', 'Data 2.4.5.1 raw-range']],
  ['is not above its max', { raw: 100.5, max: 100 }, ['/result/score/raw', 'Data 2.4.5.1 raw-range']],
  ['has a min below its max', { min: 100, max: 0 }, ['/result/score/min', 'Data 2.4.5.1 min-below-max']],
  ['has a min that is less than, not equal to, its max', { min: 5, max: 5 }, ['/result/score/min', 'Data 2.4.5.1 min-below-max']],
  ['may have negative bounds', { raw: -5, min: -10, max: -1 }],
  ['has no unknown property', { percent: 80 }, ['/result/score/percent', 'Data 2.2 no-unknown-property']],
]);
