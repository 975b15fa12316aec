import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useUser } from '../api/session.ts';
import { rolesQuery } from '../team/queries.ts';
import { Checkbox } from '../ui/checkbox.tsx';
import { Failure } from '../ui/failure.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import styles from './permission-choice.module.css';

/** Of people only: a key that has them cannot use them. */
const peopleOnly =
  /^(?:users:(?:create|update|delete)|companies:(?:create|update|delete)|keys:manage|document_types:manage)$/;

type PermissionChoiceProps = { role: string; chosen: readonly string[]; onChange: (chosen: readonly string[]) => void };

/** The permissions of a role, a row for each kind of record. */
export function PermissionChoice({ role, chosen, onChange }: PermissionChoiceProps) {
  const { t } = useTranslation();
  const { permissions: own } = useUser();
  const { data, error, refetch } = useQuery(rolesQuery);
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton lines={4} />;
  const served = data.roles.find(({ code }) => code === role)?.permissions ?? [];
  const all = (served.includes('all') ? own : served).filter(
    (permission) => !permission.endsWith(':own') && !peopleOnly.test(permission),
  );
  const kinds = Map.groupBy(all, (permission) => permission.split(':')[0] ?? '');
  const toggle = (permission: string, isOn: boolean) =>
    onChange(isOn ? [...chosen, permission] : chosen.filter((each) => each !== permission));
  return (
    <fieldset className={styles.kinds}>
      <legend className="visually-hidden">{t('keys.permissions')}</legend>
      {[...kinds].map(([kind, permissions]) => (
        <div key={kind} className={styles.kind}>
          <code>{kind}</code>
          <div className={styles.actions}>
            {permissions.map((permission) => (
              <Checkbox
                key={permission}
                aria-label={permission}
                isSelected={chosen.includes(permission)}
                onChange={(isOn) => toggle(permission, isOn)}
              >
                {permission.slice(kind.length + 1)}
              </Checkbox>
            ))}
          </div>
        </div>
      ))}
    </fieldset>
  );
}
