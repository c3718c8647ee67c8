/**
 * Content-addressed results in one folder (`.mirage-cache` beside the study). Objects are files named by the sha256 of
 * their bytes; records are small JSON files named by a key. Every write is a temporary file and an atomic rename, with
 * no lock and no index, so that several processes and machines can share the folder.
 */
export interface Store {
  /** Absolute folder. */
  readonly root: string
  /** Absolute path of an object, whether or not it exists. */
  objectPath(hash: string): string
  hasObject(hash: string): Promise<boolean>
  /** Bytes of an object. Throws `object-missing` when it is not there. */
  getObject(hash: string): Promise<Uint8Array>
  /** Stores bytes and returns their sha256 in hex. */
  putObject(bytes: Uint8Array | string): Promise<string>
  /** Moves a finished file into the store (same file system) and returns its hash. */
  adoptFile(path: string): Promise<string>
  /** A fresh path inside the store for a file that is being written. */
  temporaryPath(): string
  /** A record, or undefined. `space` is a kind such as `result`, `sr`, `metric`, `answer`. */
  getRecord<T>(space: string, key: string): Promise<T | undefined>
  putRecord(space: string, key: string, value: unknown): Promise<void>
  /** Keys of a space, in no order. */
  listRecords(space: string): AsyncIterable<string>
}
