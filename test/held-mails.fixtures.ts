/** A held mail, as it is stored. */
import { newId } from '../src/platform/ids.ts'
import type { TestServer } from './test-server.ts'

export async function addHeldMail(
  server: TestServer,
  account_id: string,
  mail: { subject: string; body: string },
): Promise<string> {
  const id = newId()
  const row = { account_id, id, message_key: id, received_at: server.clock.now(), outcome: 'held' }
  const sender = { from_address: 'tom@elsewhere.example', from_name: 'Tom Reed', reason: 'unknownSender' }
  await server.stored((db) =>
    db
      .insertInto('held_mails')
      .values({ ...row, ...sender, ...mail })
      .execute(),
  )
  return id
}
