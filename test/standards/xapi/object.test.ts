import { ACTIVITY, guarantee, statementWith } from './table.ts';

const UUID = '6690e6c9-3ef0-4ed3-8b37-7f3964730bee';
const AGENT = { objectType: 'Agent', mbox: 'mailto:ani@example.org' };
const object = (value: unknown) => statementWith({ object: value });
const defined = (definition: unknown) => object({ ...ACTIVITY, definition });

guarantee('Data 2.4.4 object-type: an object is one of five kinds', object, [
  ['Activity', { objectType: 'Activity', ...ACTIVITY }],
  ['an Activity when objectType is absent', ACTIVITY],
  ['Agent', AGENT],
  ['identified Group', { ...AGENT, objectType: 'Group' }],
  ['anonymous Group', { objectType: 'Group', member: [AGENT] }],
  ['StatementRef', { objectType: 'StatementRef', id: UUID }],
  ['SubStatement', { objectType: 'SubStatement', ...statementWith({}) }],
  ['not activity in small letters', { objectType: 'activity', ...ACTIVITY }, ['/object/objectType', 'Data 2.4.4 object-type']],
  ['not Substatement', { objectType: 'Substatement', ...statementWith({}) }, ['/object/objectType', 'Data 2.4.4 object-type']],
  ['not Statement', { objectType: 'Statement', ...statementWith({}) }, ['/object/objectType', 'Data 2.4.4 object-type']],
  ['not Verb', { objectType: 'Verb', ...ACTIVITY }, ['/object/objectType', 'Data 2.4.4 object-type']],
  ['not the empty string', { objectType: '', ...ACTIVITY }, ['/object/objectType', 'Data 2.4.4 object-type']],
  ['not a number', { objectType: 3, ...ACTIVITY }, ['/object/objectType', 'Data 2.4.4 object-type']],
  ['not null', { objectType: null, ...ACTIVITY }, ['/object/objectType', 'Data 2.4.4 object-type']],
  ['not toString', { objectType: 'toString', ...ACTIVITY }, ['/object/objectType', 'Data 2.4.4 object-type']],
  ['not a string', ACTIVITY.id, ['/object', 'Data 2.4.4.1 type']],
  ['not a list', [ACTIVITY], ['/object', 'Data 2.4.4.1 type']],
]);

guarantee('Data 2.4.4.1: an Activity has an IRI as its id', object, [
  ['urn', { id: 'urn:example:unit:1' }],
  ['tag', { id: 'tag:example.org,2026:unit-1' }],
  ['letters outside ASCII', { id: 'https://content.example/satuan/ペ' }],
  ['absent', {}, ['/object/id', 'Data 2.4.4.1 required']],
  ['absent beside a definition', { definition: {} }, ['/object/id', 'Data 2.4.4.1 required']],
  ['relative', { id: '/unit/1' }, ['/object/id', 'Data 4.3 iri']],
  ['without a scheme', { id: 'content.example/unit/1' }, ['/object/id', 'Data 4.3 iri']],
  ['a number', { id: 1 }, ['/object/id', 'Data 4.3 iri']],
  ['null', { id: null }, ['/object/id', 'Data 2.2 no-null']],
  ['empty', { id: '' }, ['/object/id', 'Data 4.3 iri']],
]);

guarantee('Data 2.2: an Activity has no other properties than its own', object, [
  ['a name stands in the definition', { ...ACTIVITY, name: { en: 'x' } }, ['/object/name', 'Data 2.2 no-unknown-property']],
  ['an Activity has no mbox', { ...ACTIVITY, mbox: 'mailto:a@b' }, ['/object/mbox', 'Data 2.2 no-unknown-property']],
  ['Definition is not definition', { ...ACTIVITY, Definition: {} }, ['/object/Definition', 'Data 2.2 no-unknown-property']],
]);

guarantee('Data 2.4.4.1: an activity definition', defined, [
  ['may be empty', {}],
  [
    'may hold everything',
    {
      name: { id: 'Latihan 1' },
      description: { 'id-ID': 'Latihan pertama' },
      type: 'http://adlnet.gov/expapi/activities/module',
      moreInfo: 'https://content.example/unit/1/about',
      extensions: { 'https://content.example/ext/jp': 2 },
    },
  ],
  ['is an object', 'Unit 1', ['/object/definition', 'Data 2.4.4.1 type']],
  ['is not a list', [], ['/object/definition', 'Data 2.4.4.1 type']],
  ['is not null', null, ['/object/definition', 'Data 2.2 no-null']],
  ['has a language map as name', { name: 'Unit 1' }, ['/object/definition/name', 'Data 4.2 language-map']],
  ['has a language map as description', { description: 1 }, ['/object/definition/description', 'Data 4.2 language-map']],
  ['has no null in a language map', { name: { en: null } }, ['/object/definition/name/en', 'Data 4.2 language-map']],
  ['has an IRI as type', { type: 'module' }, ['/object/definition/type', 'Data 4.3 iri']],
  ['has an IRI as moreInfo', { moreInfo: 'about.html' }, ['/object/definition/moreInfo', 'Data 4.3 iri']],
  ['has extensions in an object', { extensions: [] }, ['/object/definition/extensions', 'Data 4.1 extensions']],
  ['has IRIs as keys of its extensions', { extensions: { jp: 2 } }, ['/object/definition/extensions/jp', 'Data 4.1 extension-iri']],
  ['has no null', { name: null }, ['/object/definition/name', 'Data 2.2 no-null']],
  ['has no unknown property', { title: {} }, ['/object/definition/title', 'Data 2.2 no-unknown-property']],
]);

const TYPES = ['true-false', 'choice', 'fill-in', 'long-fill-in', 'matching', 'performance', 'sequencing', 'likert', 'numeric', 'other'] as const;
const LISTS = ['choices', 'scale', 'source', 'target', 'steps'] as const;
const SUPPORTED: { readonly [type: string]: readonly string[] } = {
  choice: ['choices'],
  sequencing: ['choices'],
  likert: ['scale'],
  matching: ['source', 'target'],
  performance: ['steps'],
};
const COMPONENTS = [{ id: 'a', description: { id: 'Pilihan A' } }, { id: 'b' }];

guarantee(
  'Data 2.4.4.1 interaction-type: one of ten, letter by letter',
  (interactionType: unknown) => defined({ interactionType, correctResponsesPattern: ['a'] }),
  [
    ...TYPES.map((type) => [type, type] as const),
    ['not True-False', 'True-False', ['/object/definition/interactionType', 'Data 2.4.4.1 interaction-type']],
    ['not essay', 'essay', ['/object/definition/interactionType', 'Data 2.4.4.1 interaction-type']],
    ['not the empty string', '', ['/object/definition/interactionType', 'Data 2.4.4.1 interaction-type']],
    ['not a number', 1, ['/object/definition/interactionType', 'Data 2.4.4.1 interaction-type']],
    ['not null', null, ['/object/definition/interactionType', 'Data 2.2 no-null']],
  ],
);

guarantee(
  'Data 2.4.4.1 component-list: each interaction type has its own component lists',
  ([interactionType, list]: readonly [string, string]) => defined({ interactionType, [list]: COMPONENTS }),
  TYPES.flatMap((type) =>
    LISTS.map((list) =>
      SUPPORTED[type]?.includes(list)
        ? ([`${type} has ${list}`, [type, list]] as const)
        : ([`${type} has no ${list}`, [type, list], [`/object/definition/${list}`, 'Data 2.4.4.1 component-list']] as const),
    ),
  ),
);

guarantee('Data 2.4.4.1 interaction-type: interaction properties need it', defined, [
  ['correctResponsesPattern', { correctResponsesPattern: [] }, ['/object/definition/interactionType', 'Data 2.4.4.1 interaction-type']],
  ...LISTS.map((list) => [list, { [list]: COMPONENTS }, ['/object/definition/interactionType', 'Data 2.4.4.1 interaction-type']] as const),
]);

guarantee(
  'Data 2.4.4.1: a correctResponsesPattern is a list of strings',
  (pattern: unknown) => defined({ interactionType: 'other', correctResponsesPattern: pattern }),
  [
    ['none', []],
    ['several', ['a[,]b', '']],
    ['not a string', 'a', ['/object/definition/correctResponsesPattern', 'Data 2.4.4.1 type']],
    ['no numbers', ['a', 1], ['/object/definition/correctResponsesPattern/1', 'Data 2.2 type']],
    ['no null', [null], ['/object/definition/correctResponsesPattern/0', 'Data 2.2 type']],
  ],
);

guarantee('Data 2.4.4.1: interaction components', (choices: unknown) => defined({ interactionType: 'choice', choices }), [
  ['are a list', { id: 'a' }, ['/object/definition/choices', 'Data 2.4.4.1 type']],
  ['are not null', null, ['/object/definition/choices', 'Data 2.2 no-null']],
  ['are objects', ['a'], ['/object/definition/choices/0', 'Data 2.4.4.1 type']],
  ['have an id', [{ id: 'a' }, { description: { en: 'B' } }], ['/object/definition/choices/1/id', 'Data 2.4.4.1 required']],
  ['have a string as id', [{ id: 1 }], ['/object/definition/choices/0/id', 'Data 2.2 type']],
  ['have a language map as description', [{ id: 'a', description: 'A' }], ['/object/definition/choices/0/description', 'Data 4.2 language-map']],
  ['have no unknown property', [{ id: 'a', name: 'A' }], ['/object/definition/choices/0/name', 'Data 2.2 no-unknown-property']],
  ['have ids that differ', [{ id: 'a' }, { id: 'b' }, { id: 'a' }], ['/object/definition/choices', 'Data 2.4.4.1 unique-component-id']],
  ['may have ids that differ in case only', [{ id: 'a' }, { id: 'A' }]],
  ['may have the id __proto__', [{ id: '__proto__' }]],
]);

guarantee(
  'Data 2.4.4.1: ids of components differ within their list, not between lists',
  (lists: object) => defined({ interactionType: 'matching', ...lists }),
  [
    ['source and target may share an id', { source: [{ id: 'a' }], target: [{ id: 'a' }] }],
    ['source', { source: [{ id: 'a' }, { id: 'a' }] }, ['/object/definition/source', 'Data 2.4.4.1 unique-component-id']],
    ['target', { target: [{ id: 'a' }, { id: 'a' }] }, ['/object/definition/target', 'Data 2.4.4.1 unique-component-id']],
  ],
);

guarantee('Data 2.4.4.2: an Agent or Group as object follows the rules of actors', object, [
  ['an Agent has one identifier', { objectType: 'Agent' }, ['/object', 'Data 2.4.2.3 one-ifi']],
  ['a Group has members or an identifier', { objectType: 'Group' }, ['/object', 'Data 2.4.2.2 anonymous-members']],
  ['an Agent has no id', { ...AGENT, id: 'https://x.example' }, ['/object/id', 'Data 2.2 no-unknown-property']],
  [
    'an Agent without objectType is read as an Activity',
    { mbox: AGENT.mbox },
    ['/object/id', 'Data 2.4.4.1 required'],
    ['/object/mbox', 'Data 2.2 no-unknown-property'],
  ],
]);

guarantee('Data 2.4.4.3: a StatementRef has the UUID of a statement', (parts: object) => object({ objectType: 'StatementRef', ...parts }), [
  ['in capitals', { id: UUID.toUpperCase() }],
  ['absent', {}, ['/object/id', 'Data 2.4.4.3 required']],
  ['not an IRI', { id: ACTIVITY.id }, ['/object/id', 'Data 4.4 uuid']],
  ['not a number', { id: 1 }, ['/object/id', 'Data 4.4 uuid']],
  ['not null', { id: null }, ['/object/id', 'Data 2.2 no-null']],
  ['no definition', { id: UUID, definition: {} }, ['/object/definition', 'Data 2.2 no-unknown-property']],
]);

const sub = (properties: object) => object({ objectType: 'SubStatement', ...statementWith(properties) });

guarantee('Data 2.4.4.3: a SubStatement is checked as a statement', sub, [
  ['with result, context and timestamp', { result: { success: true }, context: { platform: 'x' }, timestamp: '2030-01-01T00:00:00Z' }],
  ['its object may be an Agent', { object: AGENT }],
  ['its object may be a StatementRef', { object: { objectType: 'StatementRef', id: UUID } }],
  ['an actor is needed', { actor: undefined }, ['/object/actor', 'Data 2.4.4.3 required']],
  ['a verb is needed', { verb: undefined }, ['/object/verb', 'Data 2.4.4.3 required']],
  ['an object is needed', { object: undefined }, ['/object/object', 'Data 2.4.4.3 required']],
  ['the actor has one identifier', { actor: {} }, ['/object/actor', 'Data 2.4.2.3 one-ifi']],
  ['the verb has an IRI', { verb: { id: 'x' } }, ['/object/verb/id', 'Data 4.3 iri']],
  ['the object has an IRI', { object: { id: 'x' } }, ['/object/object/id', 'Data 4.3 iri']],
  ['the result is checked', { result: { success: 'true' } }, ['/object/result/success', 'Data 2.2 type']],
  ['the context is checked', { context: { registration: '1' } }, ['/object/context/registration', 'Data 4.4 uuid']],
  ['platform needs an Activity', { object: AGENT, context: { platform: 'x' } }, ['/object/context/platform', 'Data 2.4.6 activity-only']],
  ['the timestamp is checked', { timestamp: 'now' }, ['/object/timestamp', 'Data 4.5 rfc3339']],
  ['the attachments are checked', { attachments: {} }, ['/object/attachments', 'Data 2.4.11 type']],
  ['no null', { result: null }, ['/object/result', 'Data 2.2 no-null']],
]);

guarantee('Data 2.4.4.3: a SubStatement has none of what the LRS sets', sub, [
  ['id', { id: UUID }, ['/object/id', 'Data 2.2 no-unknown-property']],
  ['stored', { stored: '2026-01-05T08:00:00Z' }, ['/object/stored', 'Data 2.2 no-unknown-property']],
  ['version', { version: '1.0.0' }, ['/object/version', 'Data 2.2 no-unknown-property']],
  ['authority', { authority: AGENT }, ['/object/authority', 'Data 2.2 no-unknown-property']],
]);

guarantee('Data 2.4.4.3 no-nesting: a SubStatement holds no SubStatement', (inner: object) => sub({ object: inner }), [
  ['a whole one', { objectType: 'SubStatement', ...statementWith({}) }, ['/object/object', 'Data 2.4.4.3 no-nesting']],
  ['an empty one', { objectType: 'SubStatement' }, ['/object/object', 'Data 2.4.4.3 no-nesting']],
]);
