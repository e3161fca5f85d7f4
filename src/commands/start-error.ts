/** A start that cannot succeed, in words for whoever typed the command. */
export class StartError extends Error {}
