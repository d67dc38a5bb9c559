/** What an operation causes beside its output: cookies and files. */

/** One thing beside the output that the adapter turns into a cookie or a stream. */
export type Effect =
  /** `browser` is the cookie by which this browser is known from now on (features/identity/guessing). */
  | { session: 'start'; audience: 'people' | 'portal'; token: string; ends: Date; browser?: string }
  | { session: 'end'; audience: 'people' | 'portal'; browser?: string }
  /** Lets this browser, and no other, activate with one click what it signed up for. */
  | { signUpToken: string }
  | {
      file: {
        stream: AsyncIterable<Uint8Array>
        name: string
        type: string
        size: number
        inline: boolean
        frame?: Frame
        anywhere?: boolean
        /** Seconds that browsers and proxies may keep it; not kept unless set. Never for what only some may see. */
        keepFor?: number
      }
    }

/** A document that our own pages show in a frame, such as a mail as it looks. It runs no script and knows no cookie. */
export interface Frame {
  /** Where its pictures may come from, as origins; nothing else is loaded. */
  pictures: readonly string[]
}
