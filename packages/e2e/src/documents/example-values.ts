/** Fields that name a record or a secret of the installation, which no document can know. */
const ownFields = new Set(
  'company_id customer_id user_id item_id id current_password password refresh_token token mfa_token code'.split(' '),
);
/** Users have their e-mail address in the whole installation, not only in the company of a test. */
const uniqueEmails = new Set(['POST /auth/register', 'POST /api/v1/users', 'POST /auth/login']);

/** Picks from the body of a sample request what an example cannot say. */
export const ownValues = (route: string, body: unknown): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(body instanceof FormData ? {} : (body ?? {})).filter(
      ([field]) => ownFields.has(field) || (field === 'email' && uniqueEmails.has(route)),
    ),
  );

export const superuserOnly: ReadonlySet<string> = new Set([
  'POST /api/v1/companies',
  'POST /api/v1/document-types',
  'PUT /api/v1/document-types/{code}',
]);
