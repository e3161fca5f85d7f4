const WIDTH = 30;

/** Draws how far something is on standard error, where a terminal is. */
export function drawProgress(done: number, total: number, what: string): void {
  if (!process.stderr.isTTY) return;
  const share = total === 0 ? 1 : Math.min(done / total, 1);
  const filled = Math.round(share * WIDTH);
  process.stderr.write(`\r[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}] ${Math.floor(share * 100)} % ${done} of ${total} ${what}`);
  if (done >= total) process.stderr.write('\n');
}
