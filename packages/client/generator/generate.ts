import type { Document } from './document.ts';
import { writeResources } from './resources.ts';
import { writeSchema } from './schema.ts';

const header = '// Generated from the OpenAPI document by `npm run openapi`. Do not edit.\n\n';

/**
 * Writes the generated sources of the client.
 * @param document the merged document of the API
 * @param deadlines ms after which an operation gives up, by its operationId
 * @returns the text of each file of src/generated
 */
export async function generateClient(
  document: Document,
  deadlines: ReadonlyMap<string, number>,
): Promise<Record<string, string>> {
  return {
    'schema.ts': header + (await writeSchema(document)),
    'resources.ts': header + writeResources(document, deadlines),
  };
}
