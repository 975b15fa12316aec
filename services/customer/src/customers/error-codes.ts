/** The 409s of a value that another customer of the company has. */
export const duplicateCodes = [
  'CUSTOMER_DOCUMENT_NUMBER_TAKEN',
  'CUSTOMER_EMAIL_TAKEN',
  'CUSTOMER_EXTERNAL_ID_TAKEN',
  'CUSTOMER_NUMBER_TAKEN',
  'CUSTOMER_PHONE_TAKEN',
  'CUSTOMER_USER_ID_TAKEN',
] as const;
