package html

import (
	"fmt"
	"html/template"
)

// words are the page's own texts, in English and in Simplified Chinese. What was recorded, and what checkers say of
// it, is shown as it is.
var words = []struct{ Key, English, Chinese string }{
	{"checks", "Checks", "检查"},
	{"claims", "Claims", "声明"},
	{"counterexample", "Counterexample", "反例"},
	{"time", "Over time", "时间过程"},
	{"faults", "Faults", "故障"},
	{"percentiles", "Percentiles", "百分位"},
	{"outcomes", "Outcomes", "结果"},
	{"cluster", "Cluster", "集群"},
	{"fidelity", "Fidelity", "可信度"},
	{"compared", "Compared", "对比"},
	{"reproduce", "Reproduce", "复现"},
	{"files", "Files", "文件"},
	{"glossary", "Glossary", "术语"},
	{"PASS", "PASS", "通过"},
	{"VIOLATION", "VIOLATION", "违反一致性"},
	{"CLAIM MISSED", "CLAIM MISSED", "声明未达成"},
	{"UNKNOWN", "UNKNOWN", "未知"},
	{"ENVIRONMENT", "ENVIRONMENT", "环境问题"},
	{"INTERNAL ERROR", "INTERNAL ERROR", "内部错误"},
	{"INTERRUPTED", "INTERRUPTED", "已中断"},
	{"USAGE", "USAGE", "用法错误"},
	{"target", "target", "目标"},
	{"workload", "workload", "负载"},
	{"load", "load", "负载方式"},
	{"seed", "seed", "种子"},
	{"length", "load time", "负载时长"},
	{"operations", "operations", "操作数"},
	{"fault count", "faults", "故障数"},
	{"leader changes", "leader changes", "领导者变更"},
	{"checker time", "checking", "检查用时"},
	{"exit code", "exit code", "退出码"},
	{"started", "started", "开始于"},
	{"copy", "Copy", "复制"},
	{"copied", "Copied", "已复制"},
	{"pass", "pass", "通过"},
	{"fail", "fail", "失败"},
	{"unknown", "unknown", "未知"},
	{"skipped", "skipped", "跳过"},
	{"met", "met", "达成"},
	{"missed", "missed", "未达成"},
	{"inconclusive", "inconclusive", "无法判定"},
	{"yes", "yes", "是"},
	{"no", "no", "否"},
	{"check", "check", "检查"},
	{"result", "result", "结果"},
	{"found", "what was found", "发现"},
	{"took", "time", "用时"},
	{"claim", "claim", "声明"},
	{"value", "value", "值"},
	{"interval", "95 % interval", "95 % 区间"},
	{"against limit", "against the limit", "与界限相比"},
	{"samples", "samples", "样本"},
	{"note", "note", "说明"},
	{"phase", "phase", "阶段"},
	{"claims lead", "Met only if the whole interval is on the right side of the limit. No data never passes.", "只有整个区间都在界限的正确一侧才算达成。没有数据绝不算通过。"},
	{"no order", "why it cannot be", "为何不可能"},
	{"meanwhile", "meanwhile", "与此同时"},
	{"shrunk", "operations of", "个操作，取自"},
	{"shrunk to one", "operation of", "个操作，取自"},
	{"more examples", "more are in the folder counterexample beside this page.", "个其他反例在本页旁的 counterexample 文件夹中。"},
	{"throughput", "Throughput", "吞吐量"},
	{"latency", "Latency", "延迟"},
	{"members", "Members", "成员"},
	{"from due", "from due time", "从应发时刻"},
	{"from send", "from send time", "从发送时刻"},
	{"zoom", "Drag across a chart to zoom all of them; double-click to return.", "在图上拖动可同步缩放，双击还原。"},
	{"kind", "fault", "故障"},
	{"at", "at", "时刻"},
	{"for", "for", "持续"},
	{"effect", "took effect", "是否生效"},
	{"evidence", "evidence", "证据"},
	{"leaderless", "without a leader", "无领导者"},
	{"first ok", "first write after", "首次成功写入"},
	{"back", "back at 90 %", "恢复至 90 %"},
	{"faults lead", "Times count from each fault's start. First write: sent while the fault was active or later, and acknowledged.", "时间从各故障开始计。首次写入：在故障生效后发出并得到确认。"},
	{"operation", "operation", "操作"},
	{"from", "from", "起点"},
	{"count", "count", "数量"},
	{"percentiles lead", "Latency of OK operations. The horizontal axis spreads the tail: each step is ten times rarer.", "成功操作的延迟。横轴展开尾部：每一格稀少十倍。"},
	{"outcome", "outcome", "结果"},
	{"class", "reason", "原因"},
	{"first and last", "first and last", "首例与末例"},
	{"outcomes lead", "ok: it happened, once. fail: it never did. info: nobody knows; it may still happen.", "ok：恰好发生一次。fail：从未发生。info：未知，仍可能发生。"},
	{"member", "member", "成员"},
	{"restarts", "restarts", "重启"},
	{"elected", "elected", "当选"},
	{"term", "term", "任期"},
	{"revision", "revision", "修订号"},
	{"db size", "database", "数据库"},
	{"crashes", "crashes", "崩溃"},
	{"metric", "metric", "指标"},
	{"before", "before", "之前"},
	{"after", "after", "之后"},
	{"limit", "limit", "界限"},
	{"fidelity lead", "Can these numbers be trusted?", "这些数字可信吗？"},
	{"within", "within", "正常"},
	{"past", "past its limit", "超限"},
	{"schedule", "Fault schedule", "故障计划"},
	{"scenario", "Scenario, resolved", "场景（已解析）"},
	{"versions", "Versions", "版本"},
	{"environment", "Environment", "环境"},
	{"path", "file", "文件"},
	{"size", "size", "大小"},
	{"CLAIMS MET", "CLAIMS MET", "声明达成"},
	{"difference lead", "Met only if the whole interval of the change is on the right side of the limit.", "只有变化的整个区间都在界限的正确一侧才算达成。"},
	{"curves lead", "Quiet phase, from due time. Each run is faint, all runs of a side together are strong; each step to the right is ten times rarer.", "平静阶段，从应发时刻计。细线为各次运行，粗线为该侧全部运行；向右每一格稀少十倍。"},
	{"base", "base", "基准"},
	{"new", "new", "新"},
	{"change", "change", "变化"},
	{"REGRESSION", "REGRESSION", "性能退化"},
	{"NO REGRESSION", "NO REGRESSION", "无退化"},
	{"run", "run", "运行"},
	{"scenario name", "scenario", "场景"},
	{"rate", "answered", "应答"},
	{"slip", "slip p99", "滞后 p99"},
	{"NOT BEGUN", "NOT BEGUN", "未开始"},
	{"failing", "Not passed", "未通过"},
	{"matrix", "Matrix", "矩阵"},
	{"cells", "cells", "单元"},
	{"all cells", "Cells", "单元"},
	{"more cells", "more are in the table of cells.", "个其他单元见单元表。"},
	{"report", "Report", "报告"},
	{"each run", "each run, base above, new below", "每次运行：上为基准，下为新"},
	{"compared lead", "Worse only if the rank test is sure (p < 0.05) and the whole interval of the change lies beyond the tolerance.", "只有秩检验显著（p < 0.05）且变化区间整体超出容差，才算变差。"},
	{"no script", "Scripts are off: these are the static charts.", "脚本已关闭：以下为静态图表。"},
	{"foot", "Times count from the start of the load.", "时间从负载开始计。"},
	{"none", "none", "无"},
}

// glossary explains the words of the field.
var glossary = []struct{ Term, Chinese, English, ChineseText string }{
	{"node, member", "节点、成员", "One process of the cluster, with its own data.", "集群中的一个进程，拥有自己的数据。"},
	{"leader, term", "领导者、任期", "The member that orders all writes, and the number of its reign. A term has one leader at most.", "为所有写入排序的成员，及其在位的编号。每个任期最多一个领导者。"},
	{"majority", "多数派", "More than half of the members: they can elect and commit.", "超过半数的成员：可以选举与提交。"},
	{"WAL, snapshot", "预写日志、快照", "What a member writes before it answers; the state that lets it forget the log behind.", "成员应答前写下的日志；以及允许截断旧日志的状态。"},
	{"revision", "修订号", "The store's count of changes; each write has its own.", "存储的变更计数；每次写入各有一个。"},
	{"linearizable", "线性一致", "Every operation seems to happen at one moment between call and return, in one order for all.", "每个操作看似发生于调用与返回之间的某一瞬，且所有人看到同一顺序。"},
	{"serializable read", "串行化读", "A read from one member's own state: fast, and possibly old.", "从单个成员自身状态读取：快，但可能陈旧。"},
	{"ok, fail, info", "ok、fail、info", "It happened; it never did; nobody knows.", "已发生；从未发生；未知。"},
	{"open loop", "开环", "Operations fall due by the clock, whether or not the last were answered: as users do.", "操作按时钟到期，不论前一个是否已应答：与真实用户一样。"},
	{"due time, send time", "应发时刻、发送时刻", "When an operation should have been sent, and when it was. Timing from the send hides the wait.", "操作本应发出与实际发出的时刻。从发送计时会掩盖等待。"},
	{"quiet, faulty, recovery", "平静、故障、恢复", "No fault; a fault is active; after it, until the backlog is gone.", "无故障；故障进行中；其后直到积压消失。"},
	{"slip", "滞后", "How late the generator itself was.", "负载发生器自身的延误。"},
}

// word is a text that the page can show in both languages.
func word(key string) (template.HTML, error) {
	for _, w := range words {
		if w.Key == key {
			return template.HTML(fmt.Sprintf(`<span data-t="%s">%s</span>`, template.HTMLEscapeString(key), template.HTMLEscapeString(w.English))), nil
		}
	}
	return "", fmt.Errorf("no word for %q", key)
}

// wordTable is the Chinese text by key, for the page's switch.
func wordTable() map[string]string {
	table := map[string]string{}
	for _, w := range words {
		table[w.Key] = w.Chinese
	}
	return table
}
