/** What customers and staff of Harbour Appliance Repair write. */
import type { Phrases } from '../random-jobs.ts'

export const phrases: Phrases = {
  customer: [
    'Please ring at the gate. The doorbell is broken.',
    'Mornings are better for us.',
    'It has been getting worse since yesterday.',
    'Could you call half an hour before you arrive?',
    'The key is with the neighbour at number 9.',
  ],
  office: [
    'Thank you. We’ll bring the part.',
    'You’re booked in. The technician will call before arriving.',
    'Could you send us the number on the label inside the door?',
    'The part arrives tomorrow morning. We’ll come after that.',
  ],
  internal: [
    'Part is in van 2.',
    'Second visit for the same fault. Check the board first.',
    'Narrow stairs, bring the small trolley.',
    'Ask about the service plan.',
    'Customer pays by card at the door.',
  ],
  done: [
    'Tested a full cycle. All fine.',
    'Advised to clean the filter once a month.',
    'Left the old part with the customer.',
    'Runs quietly now.',
  ],
  canceled: ['Bought a new one', 'Fixed with our help by phone', 'Booked twice by mistake', 'Moved house'],
  paused: ['Waiting for parts', 'No one home, will try again', 'Back after a visit next door'],
}
