/** Prints a line for whoever typed the command. */
export const say = (message: string): void => {
  process.stdout.write(`${message}\n`);
};
