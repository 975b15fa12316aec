import { notFound, unavailable } from '@clientela/errors';
import { reply, route, type Route } from '@clientela/http';
import { lockUndeleted } from '../customers/actions.ts';
import { ownsCustomer, toSavedResponse } from '../customers/presenter.ts';
import { CustomerId, SavedCustomerResponse } from '../customers/schema.ts';
import { removeAvatar, setAvatar } from './actions.ts';
import { reencodeImage, imageType } from './image.ts';
import { AvatarParams } from './schema.ts';
import { isAvatarName, newAvatarName, type AvatarStorage } from './storage.ts';
import { insertPendingDeletion, isAvatarInUse } from './store.ts';
import { readUpload, maxFileBytes, uploadLimiter } from './upload.ts';

const path = '/api/customers/{customer_id}/avatar';

/** Turns every storage error into a 503. */
const orUnavailable = async <T>(call: Promise<T>): Promise<T> =>
  call.catch((error: unknown) => {
    throw unavailable('The avatar storage is unavailable', { cause: error });
  });

export const avatarRoutes = (storage: AvatarStorage): Route[] => [
  route({
    method: 'post',
    path,
    operation: 'customers.avatar.set',
    errors: {
      403: ['CUSTOMER_SUSPENDED'],
      404: ['CUSTOMER_NOT_FOUND'],
      409: ['CUSTOMER_DELETED'],
      412: ['PRECONDITION_FAILED'],
    },
    summary: 'Set a customer’s avatar',
    description:
      'One file, named `file`: a JPEG, PNG or WebP by its content, not animated, of up to 1 MiB and 25 million pixels. It is re-encoded ' +
      'as a WebP of at most 512 by 512 pixels, without metadata (such as place and time of a photograph).',
    allow: { permission: 'customers:update', own: ownsCustomer },
    kind: 'upload',
    bodyLimit: maxFileBytes + 16 * 1024, // plus the multipart framing
    deadline: 30_000,
    params: CustomerId,
    responses: { 200: SavedCustomerResponse },
    prepare: ({ db, actor, params, expected_version, upload, signal }) =>
      uploadLimiter(async () => {
        // Rejects impossible requests before the expensive work.
        await db.transaction((tx) => lockUndeleted(tx, { actor, id: params.customer_id, expected_version }));
        const image = await reencodeImage(await readUpload(upload.stream, signal));
        const name = newAvatarName();
        // Schedules the deletion first, so that no failure leaves a file that no customer has.
        if (!(await insertPendingDeletion(db, actor.company_id, params.customer_id, name))) throw notFound('customer');
        await orUnavailable(storage.put(name, image, imageType));
        return name;
      }),
    handle: async ({ tx, actor, params, expected_version, prepared }) =>
      toSavedResponse(
        actor,
        'Avatar updated',
        await setAvatar(tx, { actor, id: params.customer_id, expected_version }, prepared),
      ),
  }),
  route({
    method: 'delete',
    path,
    operation: 'customers.avatar.remove',
    errors: { 403: ['CUSTOMER_SUSPENDED'], 404: ['CUSTOMER_NOT_FOUND'], 409: ['CUSTOMER_DELETED'] },
    summary: 'Remove a customer’s avatar',
    allow: { permission: 'customers:update', own: ownsCustomer },
    params: CustomerId,
    responses: { 200: SavedCustomerResponse },
    handle: async ({ tx, actor, params, expected_version }) =>
      toSavedResponse(
        actor,
        'Avatar removed',
        await removeAvatar(tx, { actor, id: params.customer_id, expected_version }),
      ),
  }),
  route({
    method: 'get',
    path: '/avatars/{name}',
    operation: 'avatars.get',
    errors: { 404: ['AVATAR_NOT_FOUND'] },
    summary: 'Get an avatar',
    description: 'By a customer’s `avatar_url`, until the avatar is replaced or removed.',
    allow: 'open',
    tenancy: 'global', // open to anyone who knows the name, without a company
    kind: 'stream',
    params: AvatarParams,
    conditionalGet: true, // a name always refers to the same image
    responses: { 200: imageType },
    handle: async ({ db, params: { name } }) => {
      const avatar = isAvatarName(name) && (await isAvatarInUse(db, name)) && (await orUnavailable(storage.get(name)));
      if (!avatar) throw notFound('avatar');
      return reply(200, avatar.stream, {
        'Content-Type': imageType,
        'Content-Length': String(avatar.size),
        ETag: `"${name.replace('.webp', '')}"`,
        'Cache-Control': 'private, max-age=300',
        'X-Content-Type-Options': 'nosniff',
        'Content-Security-Policy': "default-src 'none'; sandbox",
      });
    },
  }),
];
