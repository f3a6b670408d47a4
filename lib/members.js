/**
 * What `anyOf` asks of a provider of this package beside `authenticate`. Not a method: users would see it,
 * and a subclass could hide it.
 *
 * @typedef {object} Member
 * @property {(req: unknown) => true | { data: object } | string} decide what lets the request in, or the code of why not
 * @property {(decision: unknown) => { provider: string, keyId?: string }} describe what was proven; asked right after the decision
 * @property {(req: unknown) => unknown} presented the credential that a decision looks at; falsy, but not `undefined`, if there is none
 * @property {() => Promise<void> | undefined} ready what a decision has to wait for
 * @property {(req: unknown) => Promise<object>} [ask] of an `anyOf`, in the place of those above
 * @property {(isWrong: boolean) => string[]} [challenges] of an `anyOf`, in the place of the next
 * @property {(isWrong: boolean) => string | undefined} challenge of `WWW-Authenticate`, RFC 9110 §11.6.1
 * @property {boolean} isThrottled
 * @property {Function} authenticate the method of the class, which a subclass or an instance may have replaced
 */

/** @type {WeakMap<object, Member>} */
const members = new WeakMap();

/** @param {object} provider @param {Member} member */
export function declareMember(provider, member) {
  members.set(provider, member);
}

/** Of a provider of this package, extended or not. */
export function declaredMember(provider) {
  return members.get(provider);
}

/** A provider of this package whose `authenticate` is the one of its class; `undefined` for another. */
export function memberOf(provider) {
  const member = members.get(provider);
  return member !== undefined && member.authenticate === provider.authenticate ? member : undefined;
}

/** Whether a provider of this package, extended or not, counts failures itself. */
export function isThrottled(provider) {
  return members.get(provider)?.isThrottled ?? false;
}
