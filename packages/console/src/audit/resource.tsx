import type { AuditLog } from '@clientela/client';
import { Link, useRouter } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { visible } from '../ui/visible.tsx';

/** Where the record of a kind has its screen. */
const screens: Readonly<Record<string, string>> = { customer: 'customers', product: 'products', user: 'team' };

type ResourceProps = { log: AuditLog; nameOf: (id: string) => string };

/** What an entry is about; a link where the console has a screen for it. */
export function Resource({ log: { resource_type: kind, resource_id: id }, nameOf }: ResourceProps) {
  const { t } = useTranslation();
  const router = useRouter();
  if (kind === null) return '–';
  const isPerson = kind === 'user' && id !== null;
  const text = isPerson ? nameOf(id) : t(`audit.kinds.${kind}` as 'audit.kinds.user', { defaultValue: kind });
  const screen = screens[kind];
  const hasScreen = Object.keys(router.routesByPath).some((path) => path.startsWith(`/${screen}/$`));
  if (id === null || screen === undefined || !hasScreen) return <span title={id ?? undefined}>{text}</span>;
  return (
    <Link to={`/${screen}/${id}` as '/'} title={id}>
      <bdi>{visible(text)}</bdi>
    </Link>
  );
}
