/** What customers and staff of Harbour Appliance Repair write. */
import type { Phrases } from '../random-jobs.ts'

export const phrases: Phrases = {
  customer: [
    'Please ring at the gate, the bell at the door is broken.',
    'Mornings are better for us.',
    'It is getting worse since yesterday.',
    'Could you call half an hour before?',
    'The key is with the neighbour at number 9.',
  ],
  office: [
    'Thank you. We bring the part with us.',
    'We have you down; a technician calls before arriving.',
    'Could you send us the number on the label inside the door?',
    'The part arrives tomorrow morning, so we come after that.',
  ],
  internal: [
    'Part is in van 2.',
    'Second visit for the same fault, check the board first.',
    'Narrow stairs, bring the small trolley.',
    'Ask about the service plan.',
    'Customer pays by card at the door.',
  ],
  done: [
    'Tested with a full run, all fine.',
    'Advised to clean the filter once a month.',
    'Left the old part with the customer.',
    'Runs quietly again.',
  ],
  canceled: ['Bought a new one', 'Fixed it with our help on the phone', 'Booked twice by mistake', 'Moved house'],
  paused: ['Waiting for parts', 'Nobody at home, trying again', 'Back after the other visit next door'],
}
