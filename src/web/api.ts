/** The one place where the web learns the shape of the operations: a type only, nothing of the server is bundled. */
export type { Api } from '../operations.ts'
