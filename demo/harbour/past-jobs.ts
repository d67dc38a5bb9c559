/** Completed, postponed, canceled, declined and imported jobs of Harbour Appliance Repair. */
import { addMinutes } from '../calendar.ts'
import type { Harbour } from './business.ts'
import { staffActor, type FeaturedJobs } from './featured-job.ts'

export function addPastJobs(harbour: Harbour, jobs: FeaturedJobs): void {
  addVariousJobs(harbour, jobs)
  addEleanorsJobs(harbour, jobs)
  addDeclinedJob(harbour, jobs)
  addImportedJobs(harbour)
}

function addVariousJobs({ templates, staff, calendar }: Harbour, jobs: FeaturedJobs): void {
  const { at, past, coming } = calendar
  const [ben, priya] = [staffActor(staff.ben), staffActor(staff.priya)]
  const serviceStarted = past(0, '08:03')
  jobs.add('Brunel Dental Practice', templates.service, past(-8, '09:40'), {
    steps: [
      jobs.assigned(past(-8, '10:05'), staff.priya, past(0, '08:00')),
      { at: serviceStarted, to: 'started', actor: priya },
      { at: addMinutes(serviceStarted, 7), to: 'completed', actor: priya },
    ],
    answers: { which: ['Washing machine'], found: 'Cleaned filters and replaced hoses.', safe: true, hours: '2210' },
  })
  jobs.add('Jonas Wetherby', templates.dishwasher, past(-5, '11:11'), {
    steps: [
      jobs.assigned(past(-5, '12:00'), staff.leila, at(2, '09:00')),
      { at: past(-4, '08:40'), to: 'postponed', actor: ben, requested: coming(9, '09:00') },
    ],
  })
  jobs.add('Hannah Prewett', templates.oven, past(-4, '16:30'), {
    steps: [{ at: past(-3, '09:00'), to: 'canceled', actor: ben, reason: 'Time no longer suits' }],
  })
}

function addEleanorsJobs(harbour: Harbour, jobs: FeaturedJobs): void {
  const { customer, templates, staff } = harbour
  const { at, past, coming } = harbour.calendar
  const eleanor = jobs.portalActor('eleanor')
  const priya = staffActor(staff.priya)
  const { sites } = customer('Eleanor Finch')
  jobs.add('Eleanor Finch', templates.oven, past(-9, '18:20'), {
    actor: eleanor,
    site: sites[1]!,
    steps: [
      jobs.assigned(past(-8, '09:00'), staff.tom, at(-5, '10:00')),
      { at: past(-6, '17:30'), to: 'postponed', actor: staffActor(staff.ben), requested: coming(6, '09:00') },
    ],
  })
  jobs.add('Eleanor Finch', templates.dryer, past(-28, '20:01'), {
    actor: eleanor,
    steps: [
      jobs.assigned(past(-27, '09:20'), staff.priya, past(-24, '10:00')),
      { at: past(-24, '10:06'), to: 'started', actor: priya },
      { at: past(-24, '10:58'), to: 'completed', actor: priya },
    ],
    answers: {
      make: 'Siemens',
      fault: 'The drum turns, but the air stays cold.',
      found: 'Replaced heater and tested a full cycle.',
      safe: true,
    },
  })
  jobs.add('Eleanor Finch', templates.install, past(-34, '09:12'), {
    actor: eleanor,
    site: sites[2]!,
    steps: [{ at: past(-31, '18:44'), to: 'canceled', actor: eleanor }],
    answers: { kind: 'Washing machine', model: 'Bosch WAN28282GB' },
  })
}

/** A declined job returns to the office at once. Customers never see the reason. */
function addDeclinedJob({ templates, staff, calendar }: Harbour, jobs: FeaturedJobs): void {
  const { past, coming } = calendar
  const [ben, tom] = [staffActor(staff.ben), staffActor(staff.tom)]
  jobs.add('Temi Abara', templates.washer, past(-2, '08:30'), {
    steps: [
      { at: past(-2, '09:10'), to: 'pending', actor: ben, worker: staff.tom, scheduled: coming(1, '10:00') },
      { at: past(-2, '09:40'), to: 'declined', actor: tom, reason: 'Van is off the road' },
      { at: past(-2, '09:40'), to: 'unassigned', actor: { kind: 'system' } },
    ],
  })
}

/** An import may create a job in any status (E-40). */
function addImportedJobs({ builder, customer, templates, calendar }: Harbour): void {
  const { past } = calendar
  builder.addJob({
    customer: customer('Rory Keane'),
    template: templates.fridge,
    created: past(-6, '09:00'),
    actor: { kind: 'system' },
    imported: 'declined',
    answers: { make: 'LG', fault: 'Water inside.' },
    tags: ['old program'],
  })
  builder.addJob({
    customer: customer('Nora Frame'),
    template: templates.service,
    created: past(-60, '09:00'),
    actor: { kind: 'system' },
    imported: 'canceled',
    tags: ['old program'],
  })
}
