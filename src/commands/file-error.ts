/** An error of the file system about a path. */
export interface FileError extends NodeJS.ErrnoException {
  readonly path: string;
}

/** Whether an error is the file system's; a program that cannot be started names a path too, and is our fault. */
export const isFileError = (error: unknown): error is FileError =>
  error instanceof Error && 'code' in error && 'path' in error && 'syscall' in error && !String(error.syscall).startsWith('spawn');

/** Says which file cannot be used, and why. */
export const fileFault = (path: string, { code, message }: NodeJS.ErrnoException): string =>
  `${path} cannot be read or written: ${code === 'ENOENT' ? 'there is no such file or folder' : message}`;
