// The official Java client, unmodified, at the end of a pipe.
//
// Settings come as the first line of standard input, then one call a line; each is answered by one
// line. Decides nothing: what is called, and what an answer has to be, is the test's business.

import com.squareup.moshi.JsonAdapter;
import com.squareup.moshi.Moshi;
import com.stytch.java.b2b.StytchB2BClient;
import com.stytch.java.common.InstantAdapter;
import com.stytch.java.common.JWTException;
import com.stytch.java.common.OptionalClientConfig;
import com.stytch.java.common.StytchException;
import com.stytch.java.common.StytchResult;
import com.stytch.java.common.methodoptions.Authorization;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

public final class Calls {
  // Of the three forms that every call has, the one for Java.
  private static final String FORM = "Completable";
  private static final String PARTS = "com.stytch.java.";

  // Calls that take plain arguments instead of a request, and no class says what they are called.
  private static final Map<String, List<String>> PLAIN =
      Map.of(
          "sessions.authenticateJwt",
          List.of("session_jwt", "max_token_age_seconds", "authorization_check"),
          "sessions.authenticateJwtLocal",
          List.of("session_jwt", "max_token_age_seconds", "authorization_check", "leeway"));

  private static final Moshi MOSHI = new Moshi.Builder().add(new InstantAdapter()).build();
  private static final JsonAdapter<Object> ANYTHING = MOSHI.adapter(Object.class).serializeNulls();

  private record Call(Object holder, Method method) {}

  private final Map<String, Call> calls = new TreeMap<>();

  public static void main(String[] arguments) throws Exception {
    PrintStream out = new PrintStream(System.out, true, "UTF-8");
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
    Map<?, ?> settings = (Map<?, ?>) ANYTHING.fromJson(in.readLine());
    StytchB2BClient client =
        new StytchB2BClient(
            (String) settings.get("project_id"),
            (String) settings.get("secret"),
            new OptionalClientConfig((String) settings.get("base_url")));
    Calls calls = new Calls();
    calls.collect(client, "");
    out.println(ANYTHING.toJson(List.copyOf(calls.calls.keySet())));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(ANYTHING.toJson(calls.answer((Map<?, ?>) ANYTHING.fromJson(line))));
    }
    client.close();
    System.exit(0);
  }

  private void collect(Object holder, String path) throws ReflectiveOperationException {
    for (Class<?> face : faces(holder)) {
      for (Method method : face.getMethods()) {
        String name = method.getName();
        if (name.endsWith(FORM)) {
          String call = path + name.substring(0, name.length() - FORM.length());
          calls.put(call, new Call(holder, method));
        } else if (name.startsWith("get") && method.getParameterCount() == 0) {
          if (method.getReturnType().isInterface()
              && method.getReturnType().getName().startsWith(PARTS)) {
            String part = Character.toLowerCase(name.charAt(3)) + name.substring(4);
            collect(method.invoke(holder), path + part + ".");
          }
        }
      }
    }
  }

  // The classes behind the parts are the client's own business; their interfaces are everybody's.
  private static List<Class<?>> faces(Object holder) {
    List<Class<?>> faces = Arrays.asList(holder.getClass().getInterfaces());
    return holder instanceof StytchB2BClient ? List.of(StytchB2BClient.class) : faces;
  }

  private Map<String, Object> answer(Map<?, ?> asked) throws ReflectiveOperationException {
    if (asked.containsKey("empty")) {
      return Map.of("params", emptyParams(calls.get(asked.get("empty")).method));
    }
    String name = (String) asked.get("call");
    Call call = calls.get(name);
    Map<?, ?> params = (Map<?, ?>) asked.get("params");
    try {
      Object[] arguments = arguments(name, call.method, params, asked.get("session_token"));
      Object result = ((CompletableFuture<?>) call.method.invoke(call.holder, arguments)).get();
      if (result instanceof StytchResult.Success<?> success) {
        return said("answer", success.getValue());
      }
      return said("error", fields(((StytchResult.Error) result).getException()));
    } catch (RuntimeException | InvocationTargetException error) {
      return said("error", fields(error));
    } catch (ExecutionException | InterruptedException error) {
      return said("error", fields(error.getCause()));
    }
  }

  private static Object[] arguments(String name, Method method, Map<?, ?> params, Object token)
      throws ReflectiveOperationException {
    List<Object> found = new ArrayList<>();
    List<String> plain = PLAIN.getOrDefault(name, List.of());
    for (Class<?> type : method.getParameterTypes()) {
      if (type.getSimpleName().endsWith("RequestOptions")) {
        Authorization member = new Authorization((String) token, null);
        found.add(type.getConstructor(Authorization.class).newInstance(member));
      } else {
        Object value = plain.isEmpty() ? params : params.get(plain.get(found.size()));
        found.add(value == null && type == int.class ? 0 : read(type, value));
      }
    }
    return found.toArray();
  }

  private static Object read(Class<?> type, Object value) throws ReflectiveOperationException {
    if (value == null || !type.getSimpleName().endsWith("Request")) {
      return value == null ? null : MOSHI.adapter(type).fromJsonValue(value);
    }
    // What is left out of a request is an empty list or map and is sent as such, which would empty
    // what is there; so whoever changes one field says `null` for the others.
    Map<Object, Object> whole = new LinkedHashMap<>();
    ((Map<?, ?>) plain(empty(type))).keySet().forEach(name -> whole.put(name, null));
    whole.putAll((Map<?, ?>) value);
    return MOSHI.adapter(type).fromJsonValue(whole);
  }

  private static Map<String, Object> said(String what, Object value) {
    Map<String, Object> said = new LinkedHashMap<>();
    said.put(what, value instanceof Map ? value : plain(value));
    return said;
  }

  // By the client's own adapters, so that the names are the wire's again.
  @SuppressWarnings("unchecked")
  private static Object plain(Object value) {
    if (value == null) {
      return null;
    }
    JsonAdapter<Object> adapter = (JsonAdapter<Object>) MOSHI.adapter(value.getClass());
    return adapter.serializeNulls().toJsonValue(value);
  }

  private static Object fields(Throwable error) {
    if (error instanceof StytchException.Response refused) {
      return plain(refused.getReason());
    }
    Throwable cause = error instanceof StytchException.Critical own ? own.getReason() : error;
    if (cause instanceof JWTException judged && judged.getException() != null) {
      cause = judged.getException();
    }
    return Map.of("code", cause.getClass().getSimpleName(), "message", String.valueOf(cause));
  }

  // -- requests with nothing of use in them -------------------------------------------------------

  private static Object emptyParams(Method method) throws ReflectiveOperationException {
    Class<?>[] types = method.getParameterTypes();
    if (types.length == 0 || !types[0].getSimpleName().endsWith("Request")) {
      return Map.of("session_jwt", "none");
    }
    return plain(empty(types[0]));
  }

  private static Object empty(Class<?> type) throws ReflectiveOperationException {
    if (type == String.class) {
      return "none";
    } else if (type == boolean.class || type == Boolean.class) {
      return false;
    } else if (type == int.class || type == Integer.class) {
      return 0;
    } else if (type == long.class || type == Long.class) {
      return 0L;
    } else if (type == Instant.class) {
      return Instant.EPOCH;
    } else if (type == List.class) {
      return List.of();
    } else if (type == Map.class) {
      return Map.of();
    } else if (type.isEnum()) {
      return type.getEnumConstants()[0];
    }
    Constructor<?> whole =
        Arrays.stream(type.getConstructors())
            .filter(made -> !made.toGenericString().contains("DefaultConstructorMarker"))
            .max(Comparator.comparing(Constructor::getParameterCount))
            .orElseThrow();
    List<Object> values = new ArrayList<>();
    for (Class<?> wanted : whole.getParameterTypes()) {
      values.add(empty(wanted));
    }
    return whole.newInstance(values.toArray());
  }
}
