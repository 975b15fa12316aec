import { afterCommit, type Tx } from '@clientela/db';
import { counter } from '@clientela/runtime';

const customersCreated = counter('clientela_customers_created_total', 'Customers created, imported ones included', {});
const tagsAdded = counter('clientela_tags_added_total', 'Tags added, imported ones included', {});
const notesCreated = counter('clientela_notes_created_total', 'Notes created, imported ones included', {});

/** Counts what a transaction creates, after its commit. */
export function countCreated(tx: Tx, created: { customers?: number; tags?: number; notes?: number }): void {
  const { customers = 0, tags = 0, notes = 0 } = created;
  afterCommit(tx, () => {
    customersCreated.add({}, customers);
    tagsAdded.add({}, tags);
    notesCreated.add({}, notes);
  });
}
