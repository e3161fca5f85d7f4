import type { Statements } from '../../modules/lrs/index.ts';
import { identifierOf, type JsonObject } from '../../standards/xapi/index.ts';
import { need, type Resource, readParameters, type XapiAnswer, type XapiCall } from './call.ts';
import { agentParameter, iriParameter } from './parameters.ts';
import { forbidden } from './request.ts';

const json = (value: unknown): XapiAnswer => ({ status: 200, headers: { 'Content-Type': 'application/json; charset=utf-8' }, body: JSON.stringify(value) });

function mayRead({ principal }: XapiCall, what: string): void {
  if (!principal.mayReadAll && !principal.mayReadMine && !principal.mayReadProfiles) throw forbidden(`read ${what}`, 'statements/read/mine');
}

/** What all statements together say of an activity. @see xAPI 1.0.3 Communication 2.5 */
export const activityResource = (statements: Statements): Resource => ({
  GET: async (call) => {
    mayRead(call, 'activities');
    const parameters = readParameters(call, ['activityId']);
    need(parameters, 'activityId', 'xAPI Communication 2.5');
    return json(await statements.activity(iriParameter(parameters, 'activityId', 'xAPI Communication 2.5') ?? ''));
  },
});

/** One identifier as the list that a Person has it in. */
function identifierLists(agent: JsonObject): JsonObject {
  const ifi = identifierOf(agent);
  return ifi ? { [ifi.kind]: [agent[ifi.kind]] } : {};
}

/**
 * A Person: an identifier with every name it was called by. Names come from the statements of all senders, so a
 * credential that may read only its own sees the identifier alone.
 * @see xAPI 1.0.3 Communication 2.4
 */
export const agentResource = (statements: Statements): Resource => ({
  GET: async (call) => {
    mayRead(call, 'agents');
    const parameters = readParameters(call, ['agent']);
    need(parameters, 'agent', 'xAPI Communication 2.4');
    const asked = agentParameter(parameters, 'xAPI Communication 2.4', call.version);
    if (!asked) return json({ objectType: 'Person' });
    const given = asked.agent['name'];
    const names = call.principal.mayReadAll ? await statements.namesOf(asked.key) : [];
    const all = [...new Set([...names, ...(typeof given === 'string' ? [given] : [])])];
    return json({ objectType: 'Person', ...(all.length > 0 && { name: all }), ...identifierLists(asked.agent) });
  },
});
