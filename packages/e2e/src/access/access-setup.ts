import { randomUUID } from 'node:crypto';
import { roles, type Role } from '@clientela/contracts';
import { client, newCompany, type Client, type TestFleet, type TestResponse } from '../testing/test-fleet.ts';

export type SignedInUser = Client & {
  user: TestResponse['body'];
  email: string;
  password: string;
  refresh_token: string;
};

/** Two new companies on a fleet, with a user of each role in the first. */
export type AccessSetup = {
  fleet: TestFleet;
  /** Users of the first company by role. The superuser is the installation's. */
  users: Record<Role, SignedInUser>;
  /** The admin of the second company. */
  otherAdmin: SignedInUser;
  anonymous: Client;
  /** Id of the first company. */
  company_id: string;
  /** Creates one more user in the first company and signs in. */
  createUser: (role: Role) => Promise<SignedInUser>;
  /** Creates a record of the first company. */
  create: (path: string, body: object) => Promise<TestResponse['body']>;
};

const defaultPassword = 'correct horse battery';
const unique = () => randomUUID().slice(0, 13);

export async function signIn(url: string, email: string, password = defaultPassword): Promise<SignedInUser> {
  const { status, body } = await client(url).post('/auth/login', { email, password });
  if (status !== 200) throw new Error(`login returned ${status}: ${JSON.stringify(body)}`);
  const { access_token, refresh_token, user } = body;
  return { ...client(url, access_token), user, email, password, refresh_token };
}

export async function createAccessSetup(fleet: TestFleet): Promise<AccessSetup> {
  const { url } = fleet;
  const newAdmin = async () => signIn(url, (await newCompany(url)).user.email);
  const admin = await newAdmin();
  const superuser = await signIn(url, fleet.superuser.email, fleet.superuser.password);
  const company_id: string = admin.user.business_id;

  const createUser = async (role: Role): Promise<SignedInUser> => {
    const email = `${role}-${unique()}@example.com`;
    const body = {
      email,
      username: email.split('@')[0],
      password: defaultPassword,
      first_name: 'Some',
      last_name: 'One',
      role,
      ...(role !== 'superuser' && { company_id }),
    };
    assertCreated(await superuser.post('/api/v1/users', body));
    return signIn(url, email);
  };
  const users = { superuser, admin } as Record<Role, SignedInUser>;
  for (const role of roles) users[role] ??= await createUser(role);
  return {
    fleet,
    users,
    otherAdmin: await newAdmin(),
    anonymous: client(url),
    company_id,
    createUser,
    create: async (path, body) => assertCreated(await admin.post(path, body)),
  };
}

export function assertCreated({ status, body }: TestResponse): TestResponse['body'] {
  if (status !== 201) throw new Error(`expected 201, got ${status}: ${JSON.stringify(body)}`);
  return body;
}
