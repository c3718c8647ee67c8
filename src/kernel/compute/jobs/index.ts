/** Jobs by name; one row per job. Only a compute process imports this as a value. */
export const JOBS = {} as const
