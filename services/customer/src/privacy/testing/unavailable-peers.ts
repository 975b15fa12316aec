import { expect } from 'vitest';
import { allDone, erasureTest as test } from './erasure-test.ts';
import { peerNames, type PeerName } from './stub-peers.ts';
import { polling } from './test-privacy.ts';

/** Tests that an erasure waits for a service that is unavailable, and for no other. */
export function testUnavailablePeers(names: readonly PeerName[]): void {
  test.for(names)(
    '%s is unavailable: the erasure waits only for it, and finishes once it is available',
    async (name, { privacy, admin }) => {
      const customer = await privacy.newCustomer(admin);
      privacy.peers.failures.set(name, 'hangs up');
      privacy.startWorker();
      const id = await privacy.erase(admin, { customer_id: customer.id });
      await expect
        .poll(() => privacy.requestOf(admin, id), polling)
        .toMatchObject({ status: 'running', services: { ...allDone, [name]: 'pending' } });
      privacy.peers.failures.set(name, 503);
      await admin.get(`/api/customers/${customer.id}`).expect(404);
      await admin.get(`/api/gdpr/requests/${id}/receipt`).expect(404);
      privacy.peers.failures.delete(name);
      await privacy.untilDone(admin, id);
      const requested = privacy.peers.erased
        .filter(({ request_id }) => request_id === id)
        .map(({ service }) => service);
      expect(requested.toSorted()).toEqual([...peerNames].toSorted()); // a service that reported is not called again
    },
  );
}
