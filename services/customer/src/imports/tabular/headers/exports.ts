import type { HeaderNames } from './names.ts';

/** The fields of the API, for files that were made for it. */
export const api: HeaderNames = {
  firstname: ['firstname'],
  lastname: ['lastname'],
  full_name: ['full_name'],
  number: ['number'],
  user_id: ['user_id'],
  city_id: ['city_id'],
  status: ['status'],
  type: ['type'],
  last_auth_at: ['last_auth_at'],
  'address.line': ['address.line'],
  'address.city': ['address.city'],
  'address.state': ['address.state'],
  'address.zip_code': ['address.zip_code'],
  'address.country': ['address.country'],
  'preferences.newsletter': ['preferences.newsletter'],
  'preferences.language': ['preferences.language', 'language'],
  left_behind: [
    'business_id',
    'avatar_url',
    'is_active',
    'total_appointments',
    'total_complaints',
    'open_complaints',
    'last_appointment_date',
    'last_complaint_date',
    'version',
  ],
};

/** Names of the exports of shops and contact managers that are not words of a language. */
export const products: HeaderNames = {
  // Shopify
  company: ['Default address company', 'Person - Organization', 'Person - Organisation'],
  'address.line': ['Default address address#', 'Default address street', 'Card address line#', 'Address line#'],
  'address.city': ['Default address city', 'Card address city'],
  'address.state': ['Default address province', 'Default address province code', 'Card address state', 'Address state'],
  'address.zip_code': ['Default address zip', 'Card address zip', 'Address postal code', 'Address zip'],
  'address.country': [
    'Default address country',
    'Default address country code',
    'Card address country',
    'Address country',
  ],
  'phone.other': ['Default address phone', 'Person - Phone - Other'],

  // WooCommerce and WordPress
  external_id: ['Customer user', 'Contact ID (18)', 'Person - ID'],
  'preferences.newsletter': ['is subscribed', 'E-mail marketing status', 'Accepts e-mail', 'Person - Marketing status'],
  email: [
    'user email',
    'Billing e-mail',
    'Person - E-mail',
    'Person - E-mail - Work',
    'Person - E-mail - Home',
    'Person - E-mail - Other',
  ],
  firstname: ['Billing first name', 'Person - First name', 'F Name', 'First name (legal)'],
  lastname: ['Billing last name', 'Person - Last name', 'L Name'],
  full_name: ['Person - Name', 'Person name', 'Card name'],

  // Pipedrive
  'phone.main': ['Person - Phone'],
  'phone.mobile': ['Person - Phone - Mobile'],
  'phone.work': ['Person - Phone - Work'],
  'phone.home': ['Person - Phone - Home'],
  tags: ['Person - Label', 'Person - Labels', 'Person - Label(s)'],
  notes: ['Person - Notes'],
  birthday: ['Person - Birthday', 'Birthdate'],
  'address.postal.formatted': ['Person - Postal address', 'Person - Full/combined address of postal address'],
  'address.postal.line': [
    'Person - Street/road name of postal address',
    'Person - House number of postal address',
    'Person - Apartment/suite no of postal address',
  ],
  'address.postal.district': ['Person - District/sublocality of postal address'],
  'address.postal.city': ['Person - City/town/village/locality of postal address'],
  'address.postal.state': ['Person - State/county of postal address'],
  'address.postal.zip_code': ['Person - ZIP/Postal code of postal address'],
  'address.postal.country': ['Person - Country of postal address'],

  // Salesforce and Zoho
  unsubscribed: ['Has opted out of e-mail', 'E-mail opt out', 'Unsubscribed from e-mails'],
  'address.mailing.formatted': ['Mailing address (formatted)'],

  // Thunderbird
  'birthday.day': ['Birth day'],
  'birthday.month': ['Birth month'],
  'birthday.year': ['Birth year'],

  left_behind: [
    'System modstamp',
    'Is deleted',
    'Created by ID',
    'Last modified by ID',
    'Last viewed date',
    'Last referenced date',
    'Last CU request date',
    'Last CU update date',
    'Created (UTC)',
    'Delinquent',
    'Dispute losses',
    'User pass',
    'User registered',
    'User activation key',
    'Order count',
    'Total order value',
    'Person - Person created',
    'Person - Update time',
    'Person - Open deals',
    'Person - Closed deals',
    'Person - Won deals',
    'Person - Lost deals',
    'Person - Last activity date',
    'Person - Next activity date',
    'Person - Total activities',
    'Person - Done activities',
    'Person - Activities to do',
    'Person - Email messages count',
    'Person - Last email received',
    'Person - Last email sent',
    'Person - Profile picture',
    'Last heard from',
    'Last opened email',
    'Last clicked on link in email',
  ],
};

/** Mailchimp's figures of its own; region and country are guessed from network addresses there. */
export const mailchimp: HeaderNames = {
  metadata: ['REGION', 'CC', 'TIMEZONE', 'LATITUDE', 'LONGITUDE'],
  unsubscribed_at: ['UNSUB_TIME'],
  external_id: ['LEID'],
  left_behind: [
    'MEMBER_RATING',
    'OPTIN_TIME',
    'OPTIN_IP',
    'CONFIRM_TIME',
    'CONFIRM_IP',
    'GMTOFF',
    'DSTOFF',
    'LAST_CHANGED',
    'EUID',
  ],
};
