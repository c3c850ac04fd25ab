"""Resources against each other: who selects whom, which ports lead where, and how many there may be."""

from facts import PREFIX
from pods import daemons, quantity
from tree import NEXT, OVERLAYS, PRODUCTION, Tree

# What production has beside the daemon, by the setting that leads there.
STORES = {"STORAGE__DATABASE": 5432, "CLUSTER__REDIS": 6379}
TURN_PORT = 3478
USING_NEXT = {PRODUCTION, "deploy/kubernetes/overlays/gpu", "deploy/kubernetes/overlays/direct"}
# Reads and changes what a rollout needs; anything else is too much.
VERBS = {"get", "list", "watch", "patch"}


def of_kind(resources: list[dict], kind: str) -> list[dict]:
    return [resource for resource in resources if resource["kind"] == kind]


def selects(selector: dict, labels: dict) -> bool:
    return all(labels.get(key) == value for key, value in selector.items())


def selectors(tree: Tree) -> list[str]:
    """Whoever selects, selects something; named ports and back ends are there."""
    problems = []
    for overlay in OVERLAYS:
        resources = tree.rendered(overlay)
        # A service of the next version has no pods before there is one.
        beside = tree.rendered(NEXT) if overlay in USING_NEXT else []
        pods = [resource["spec"]["template"] for resource in of_kind(resources + beside, "Deployment")]
        services = of_kind(resources, "Service")
        for resource in resources:
            where, spec = f"{overlay}: {resource['kind']} {resource['metadata']['name']}", resource.get("spec", {})
            selector = {"Service": spec.get("selector"), "NetworkPolicy": spec.get("podSelector", {}).get("matchLabels"),
                        "PodDisruptionBudget": spec.get("selector", {}).get("matchLabels"),
                        "Deployment": spec.get("selector", {}).get("matchLabels")}.get(resource["kind"])
            chosen = [pod for pod in pods if selector and selects(selector, pod["metadata"]["labels"])]
            if selector and not chosen:
                problems.append(f"{where} selects no pod with {selector}")
            if resource["kind"] == "Service":
                known = {key for pod in chosen for port in pod["spec"]["containers"][0]["ports"] for key in (port["name"], port["containerPort"])}
                problems += [f"{where}: no pod has the port {port['targetPort']}" for port in spec["ports"] if port["targetPort"] not in known]
            if resource["kind"] == "ServiceMonitor":
                seen = [service for service in services if selects(spec["selector"]["matchLabels"], service["metadata"]["labels"])]
                if [service["metadata"]["name"] for service in seen] != ["kinemotion-admin"]:
                    problems.append(f"{where} selects {[service['metadata']['name'] for service in seen]}, the daemon counts at kinemotion-admin")
                ports = {port["name"] for service in seen for port in service["spec"]["ports"]}
                problems += [f"{where}: there is no port {end['port']}" for end in spec["endpoints"] if end["port"] not in ports]
            if resource["kind"] == "HTTPRoute":
                ports = {(service["metadata"]["name"], port["port"]) for service in services for port in service["spec"]["ports"]}
                problems += [f"{where}: there is no service {back['name']} with port {back['port']}" for rule in spec["rules"]
                             for back in rule["backendRefs"] if (back["name"], back["port"]) not in ports]
            problems += [f"{where}: nothing is named {name}" for name in references(resource) if name not in
                         {other["metadata"]["name"] for other in tree.around(overlay)}]
    return problems


def references(resource: dict) -> list[str]:
    """Names of other resources of the overlay, Secrets aside."""
    spec = resource.get("spec", {})
    names = [spec["scaleTargetRef"]["name"]] if "scaleTargetRef" in spec else []
    names += [reference["name"] for reference in spec.get("parentRefs", [])]
    if resource["kind"] == "RoleBinding":
        names += [resource["roleRef"]["name"], *(subject["name"] for subject in resource["subjects"])]
    pod = spec.get("template", {}).get("spec", {})
    names += [pod["serviceAccountName"]] if "serviceAccountName" in pod else []
    for volume in pod.get("volumes", []):
        names += [volume[kind][key] for kind, key in (("configMap", "name"), ("persistentVolumeClaim", "claimName")) if kind in volume]
    return names


def network(tree: Tree) -> list[str]:
    """Policies open the ports the daemon listens on, those of its media, the way to what it needs, and nothing else."""
    problems = []
    for daemon in daemons(tree):
        resources, where = tree.around(daemon.where), daemon.where
        policies = of_kind(resources, "NetworkPolicy")
        closed = [policy["spec"] for policy in policies if policy["spec"]["podSelector"] == {}]
        if not any(set(spec["policyTypes"]) == {"Ingress", "Egress"} and "ingress" not in spec and "egress" not in spec for spec in closed):
            problems.append(f"{where}: no policy closes what is not opened")
        labels = daemon.workload["spec"]["template"]["metadata"]["labels"]
        own = [policy["spec"] for policy in policies if policy["spec"]["podSelector"] and selects(policy["spec"]["podSelector"]["matchLabels"], labels)]
        opened = ports(own, "ingress")
        listening = {(daemon.port("SERVER__LISTEN"),) * 2 + ("TCP",), (daemon.port("ADMIN__LISTEN"),) * 2 + ("TCP",)}
        media = media_range(daemon.pod)
        if media:
            listening |= {(*media, "UDP"), (*media, "TCP")}
        elif not daemon.pod.get("hostNetwork"):
            problems.append(f"{where}: the ports of media are not fixed by net.ipv4.ip_local_port_range")
        if not daemon.pod.get("hostNetwork") and opened != listening:
            problems.append(f"{where}: policies open {sorted(opened)}, the daemon listens on {sorted(listening)}")
        for rule in (rule for spec in own for rule in spec.get("ingress", [])):
            anybody = any("ipBlock" in peer for peer in rule.get("from", [])) or "from" not in rule
            if anybody and any(port["port"] in (daemon.port("SERVER__LISTEN"), daemon.port("ADMIN__LISTEN")) for port in rule["ports"]):
                problems.append(f"{where}: anybody reaches {[port['port'] for port in rule['ports']]}")
        from_secrets = {variable["name"] for variable in daemon.container["env"] if "valueFrom" in variable}
        needed = [port for setting, port in STORES.items() if PREFIX + setting in from_secrets]
        needed += [TURN_PORT] if PREFIX + "WEBRTC__TURN" in from_secrets else []
        ways = ports(own, "egress")
        problems += [f"{where}: no policy lets the daemon out to port {port}" for port in [*needed, 53]
                     if not any(low <= port <= high and protocol == "TCP" for low, high, protocol in ways)]
    return problems


def ports(specs: list[dict], way: str) -> set[tuple[int, int, str]]:
    return {(port["port"], port.get("endPort", port["port"]), port["protocol"])
            for spec in specs for rule in spec.get(way, []) for port in rule.get("ports", [])}


def media_range(pod: dict) -> tuple[int, int] | None:
    for sysctl in pod.get("securityContext", {}).get("sysctls") or []:
        if sysctl["name"] == "net.ipv4.ip_local_port_range":
            low, high = map(int, sysctl["value"].split())
            return low, high
    return None


def numbers(tree: Tree) -> list[str]:
    """Budget, autoscaler, strategy and quota leave each other room."""
    problems = []
    for daemon in daemons(tree):
        resources, where, spec = tree.rendered(daemon.where), daemon.where, daemon.workload["spec"]
        if where == NEXT:
            # Counted with those it is put beside.
            continue
        scalers = of_kind(resources, "HorizontalPodAutoscaler")
        fewest = scalers[0]["spec"]["minReplicas"] if scalers else spec.get("replicas", 1)
        most = scalers[0]["spec"]["maxReplicas"] if scalers else spec.get("replicas", 1)
        if scalers and "replicas" in spec:
            problems.append(f"{where}: replicas of the Deployment undo what the autoscaler does")
        if scalers and fewest > most:
            problems.append(f"{where}: the autoscaler wants {fewest} at least and {most} at most")
        for budget in of_kind(resources, "PodDisruptionBudget"):
            if budget["spec"]["minAvailable"] >= fewest:
                problems.append(f"{where}: with {fewest} replicas the budget of {budget['spec']['minAvailable']} lets no node be emptied")
        strategy = spec["strategy"]
        if fewest > 1 and (strategy["type"] != "RollingUpdate" or strategy["rollingUpdate"]["maxUnavailable"] != 0):
            problems.append(f"{where}: a new version takes replicas away before others are there")
        if fewest > 1 and PREFIX + "CLUSTER__REDIS" not in {variable["name"] for variable in daemon.container["env"]}:
            problems.append(f"{where}: {fewest} daemons know nothing of each other")
        claims = {claim["metadata"]["name"]: claim["spec"]["accessModes"] for claim in of_kind(resources, "PersistentVolumeClaim")}
        if fewest > 1 and ["ReadWriteMany"] not in claims.values():
            problems.append(f"{where}: {fewest} daemons have no folder that all of them see")
        if fewest == 1 and not scalers and strategy["type"] != "Recreate":
            problems.append(f"{where}: a second daemon would find the folder locked")
        surge = strategy.get("rollingUpdate", {}).get("maxSurge", 0)
        beside = of_kind(tree.rendered(NEXT), "Deployment")[0]["spec"]["replicas"] if where in USING_NEXT else 0
        problems += quotas(where, resources, daemon.container["resources"], most + surge + beside)
    return problems


def quotas(where: str, resources: list[dict], needs: dict, count: int) -> list[str]:
    """Whether the namespace may have as many pods as there may be."""
    hard = {key: value for quota in of_kind(resources, "ResourceQuota") for key, value in quota["spec"]["hard"].items()}
    wanted = {f"{kind}.{key}": quantity(value) * count for kind in ("requests", "limits") for key, value in needs[kind].items()
              if "ephemeral" not in key} | {"pods": count}
    wanted.pop("limits.nvidia.com/gpu", None)
    problems = [f"{where}: there is no quota of {key}" for key in sorted(wanted) if key not in hard]
    return problems + [f"{where}: {count} pods need {key} {need:.0f}, the quota is {hard[key]}"
                       for key, need in sorted(wanted.items()) if key in hard and need > quantity(hard[key])]


def rights(tree: Tree) -> list[str]:
    """Roles name what they may do, and the daemon has none."""
    problems = []
    for overlay in OVERLAYS:
        resources = tree.rendered(overlay)
        for kind in ("ClusterRole", "ClusterRoleBinding"):
            problems += [f"{overlay}: {kind} {resource['metadata']['name']} reaches beyond its namespace" for resource in of_kind(resources, kind)]
        for role in of_kind(resources, "Role"):
            for rule in role["rules"]:
                where = f"{overlay}: Role {role['metadata']['name']} over {rule['resources']}"
                if "*" in rule["resources"] + rule["apiGroups"] or not set(rule["verbs"]) <= VERBS:
                    problems.append(f"{where} may {rule['verbs']}")
                if "secrets" in rule["resources"]:
                    problems.append(f"{where} reads secrets")
                if "patch" in rule["verbs"] and "resourceNames" not in rule:
                    problems.append(f"{where} may change any")
        for binding in of_kind(resources, "RoleBinding"):
            if "kinemotion" in [subject["name"] for subject in binding["subjects"]]:
                problems.append(f"{overlay}: the daemon has the rights of {binding['roleRef']['name']}")
    return problems
