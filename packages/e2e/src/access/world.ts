import { randomUUID } from 'node:crypto';
import { roles, type Role } from '@clientela/contracts';
import { client, newCompany, type Answer, type Client, type TestStreet } from '../testing/test-fleet.ts';

/** Somebody who is signed in, and how they did it. */
export type Person = Client & { user: Answer['body']; email: string; password: string; refresh_token: string };

/** Two new companies on a street, and somebody of each role in the first. */
export type World = {
  street: TestStreet;
  /** Of the first company, by role; the superuser is the installation's. */
  people: Record<Role, Person>;
  /** The admin of the second. */
  stranger: Person;
  open: Client;
  /** The first company's id. */
  company_id: string;
  /** Somebody more, new. */
  person: (role: Role) => Promise<Person>;
  /** A new record of the first company. */
  make: (path: string, body: object) => Promise<Answer['body']>;
};

const password = 'correct horse battery';
const unique = () => randomUUID().slice(0, 13);

export async function signIn(url: string, email: string, its_password = password): Promise<Person> {
  const { status, body } = await client(url).post('/auth/login', { email, password: its_password });
  if (status !== 200) throw new Error(`login answered ${status}: ${JSON.stringify(body)}`);
  const { access_token, refresh_token, user } = body;
  return { ...client(url, access_token), user, email, password: its_password, refresh_token };
}

export async function newWorld(street: TestStreet): Promise<World> {
  const { url } = street;
  const founder = async () => signIn(url, (await newCompany(url)).user.email);
  const admin = await founder();
  const superuser = await signIn(url, street.superuser.email, street.superuser.password);
  const company_id: string = admin.user.business_id;

  const person = async (role: Role): Promise<Person> => {
    const email = `${role}-${unique()}@example.com`;
    const company = role === 'superuser' ? {} : { company_id };
    const body = {
      email,
      username: email.split('@')[0],
      password,
      first_name: 'Some',
      last_name: 'One',
      role,
      ...company,
    };
    await made(await superuser.post('/api/v1/users', body));
    return signIn(url, email);
  };
  const people = { superuser, admin } as Record<Role, Person>;
  for (const role of roles) people[role] ??= await person(role);
  return {
    street,
    people,
    stranger: await founder(),
    open: client(url),
    company_id,
    person,
    make: async (path, body) => made(await admin.post(path, body)),
  };
}

export function made({ status, body }: Answer): Answer['body'] {
  if (status !== 201) throw new Error(`201 was expected, not ${status}: ${JSON.stringify(body)}`);
  return body;
}
