// Vestibule for React: who is signed in, as hooks and components. Leans on the page's client, which
// keeps the session; owns no state of its own but what React has to see of it.

import { type AdminPortalElement, defineAdminPortal } from "@vestibule-sso/browser/admin-portal";
import type { Page, SignedIn, State } from "@vestibule-sso/browser";
import {
  type ReactElement,
  type ReactNode,
  createContext,
  createElement,
  useContext,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";

const Client = createContext<Page | undefined>(undefined);
const LOADING: State = { status: "loading" };

/** Put it around everything that asks who is signed in. It starts the client, which finishes the login
 * that led to this page, or carries on with the session that is kept. */
export function VestibuleProvider(props: { client: Page; children?: ReactNode }): ReactElement {
  const { client, children } = props;
  useEffect(() => void client.start(), [client]);
  return <Client.Provider value={client}>{children}</Client.Provider>;
}

/** The client of the provider. In TypeScript, `useVestibule<Vestibule>()` has every method. */
export function useVestibule<T extends Page = Page>(): T {
  const client = useContext(Client);
  if (!client) throw new TypeError("useVestibule needs a VestibuleProvider around it");
  return client as T;
}

/** Who is signed in; the component is rendered anew when that changes. */
export function useSession(): State {
  const client = useVestibule();
  return useSyncExternalStore(
    client.subscribe,
    () => client.state,
    () => LOADING,
  );
}

/** Whether the roles of whoever is signed in grant the action: for what to show. False until the
 * project's policy is there. The server decides each call by itself. */
export function usePermission(resourceId: string, action: string): boolean {
  const client = useVestibule();
  const state = useSession();
  const [answer, setAnswer] = useState<{ of: State; key: string; granted: boolean }>();
  const key = `${resourceId}:${action}`;
  useEffect(() => {
    let current = true;
    const set = (granted: boolean) => {
      if (current) setAnswer({ of: state, key, granted });
    };
    client.can(resourceId, action).then(set, () => set(false));
    return () => {
      current = false;
    };
  }, [client, state, key, resourceId, action]);
  // An answer about somebody else is none.
  return answer?.of === state && answer.key === key && answer.granted;
}

type Content = ReactNode | ((who: SignedIn) => ReactNode);

/** Its children for whoever is signed in; `otherwise` for nobody; nothing until that is known. */
export function Protect(props: {
  children?: Content;
  otherwise?: ReactNode;
  /** Only for those whose roles grant it; others see `refused`. */
  permission?: { resourceId: string; action: string };
  refused?: ReactNode;
}): ReactNode {
  const { children, otherwise, permission, refused } = props;
  const state = useSession();
  if (state.status === "loading") return null;
  if (state.status === "signed-out") return otherwise;
  const content = typeof children === "function" ? children(state) : children;
  if (!permission) return content;
  return (
    <Permitted {...permission} refused={refused}>
      {content}
    </Permitted>
  );
}

function Permitted(props: {
  resourceId: string;
  action: string;
  refused: ReactNode;
  children: ReactNode;
}): ReactNode {
  return usePermission(props.resourceId, props.action) ? props.children : props.refused;
}

/** `<vestibule-admin-portal>` with the client of the provider. */
export function AdminPortal(props: { className?: string }): ReactElement {
  const client = useVestibule();
  const place = useRef<AdminPortalElement>(null);
  useEffect(() => {
    defineAdminPortal();
    if (place.current) place.current.client = client;
  }, [client]);
  return createElement("vestibule-admin-portal", { class: props.className, ref: place });
}
