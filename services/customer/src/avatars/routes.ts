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

const orAway = async <T>(asked: Promise<T>): Promise<T> =>
  asked.catch((error: unknown) => {
    throw unavailable('The storage of pictures does not answer', { cause: error });
  });

export const avatarRoutes = (storage: AvatarStorage): Route[] => [
  route({
    method: 'post',
    path,
    summary: 'Give a customer a picture',
    description:
      'One file, called `file`: a JPEG, PNG or WebP by its content, not animated, of up to 1 MiB and 25 million pixels. It is made anew ' +
      'as a WebP of at most 512 by 512 pixels, without what the file held besides (place and time of a photograph).',
    allow: { permission: 'customers:update', own: ownsCustomer },
    kind: 'upload',
    bodyLimit: maxFileBytes + 16 * 1024, // with what multipart puts around the file
    deadline: 30_000,
    params: CustomerId,
    responses: { 200: SavedCustomerResponse },
    prepare: ({ db, actor, params, expected_version, upload, signal }) =>
      uploadLimiter(async () => {
        // What cannot be done is refused before the work.
        await db.transaction((tx) => lockUndeleted(tx, { actor, id: params.customer_id, expected_version }));
        const picture = await reencodeImage(await readUpload(upload.stream, signal));
        const name = newAvatarName();
        // Noted first: whatever happens from here on, nothing stays in the storage that no customer has.
        if (!(await insertPendingDeletion(db, actor.company_id, params.customer_id, name))) throw notFound('customer');
        await orAway(storage.put(name, picture, imageType));
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
    summary: "Remove a customer's picture",
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
    summary: 'Get a picture',
    description: "By a customer's `avatar_url`, until the picture is replaced or removed.",
    allow: 'open',
    tenancy: 'global', // whoever knows the name, a superuser who names no company too
    kind: 'stream',
    params: AvatarParams,
    conditionalGet: true, // another picture has another name
    responses: { 200: imageType },
    handle: async ({ db, params: { name } }) => {
      const found = isAvatarName(name) && (await isAvatarInUse(db, name)) && (await orAway(storage.get(name)));
      if (!found) throw notFound('avatar');
      return reply(200, found.stream, {
        'Content-Type': imageType,
        'Content-Length': String(found.size),
        ETag: `"${name.replace('.webp', '')}"`,
        'Cache-Control': 'private, max-age=300',
        'X-Content-Type-Options': 'nosniff',
        'Content-Security-Policy': "default-src 'none'; sandbox",
      });
    },
  }),
];
