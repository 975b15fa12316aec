import { ErasureReport, ExportedRows, exportSections, Person } from '@clientela/contracts';
import { route, type Route } from '@clientela/http';
import { z } from 'zod';
import { erasePerson } from './erase.ts';
import { exportSection } from './export.ts';
import type { DataInventory } from './inventory.ts';

/** The internal routes with which the customer service exports and erases a person. */
export function privacyRoutes(inventory: DataInventory): Route[] {
  const sections: readonly string[] = exportSections[inventory.service];
  return [
    route({
      method: 'post',
      path: '/internal/privacy/export',
      summary: 'Get a page of a person’s data',
      allow: { internal: ['customer'] },
      tenancy: 'global',
      body: z.strictObject({
        person: Person,
        section: z.string().refine((name) => sections.includes(name), 'is not a section of this service'),
        after: z.string().max(2000).optional(),
      }),
      responses: { 200: ExportedRows },
      handle: ({ tx, body }) => exportSection(tx, inventory, body.person, body.section, body.after),
    }),
    route({
      method: 'post',
      path: '/internal/privacy/erasures',
      summary: 'Erase a person',
      allow: { internal: ['customer'] },
      tenancy: 'global',
      body: z.strictObject({ request_id: z.uuid(), person: Person }),
      responses: { 200: ErasureReport },
      transaction: 'own', // many short transactions, so that an interrupted erasure keeps its progress
      handle: ({ runStep, body, signal }) => erasePerson((work) => runStep(1, work), inventory, body, signal),
    }),
  ];
}
