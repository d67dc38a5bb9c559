/** The one place where the web learns the shape of the operations: types only, nothing of the server is bundled. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- until src/app.ts exports its Api
export type Api = Record<string, (input?: any) => Promise<any>>
